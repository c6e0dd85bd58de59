import { Scratch } from "../../../../src/infra/audit/scratch";
import { StreamCheck } from "../../../../src/infra/audit/stream-check";
import { type LogEntry } from "../../../../src/infra/eventstore";
import { counterEvents } from "../../../support/counter";
import { log } from "../../../support/fold";

const scratch = new Scratch();
afterAll(() => scratch.remove());

const counted = { type: "Counted", data: { by: 1 } } as const;
let ids = 0;
const entry = (stream: string, revision: number, more: Partial<LogEntry> = {}): LogEntry => {
  const [event] = log([stream, counted]);
  const id = `00000000-0000-4000-8000-${String(ids++).padStart(12, "0")}`;
  return { id, stream, revision, position: BigInt(ids), type: "Counted", recordedAt: "", event, stored: { data: {}, metadata: {} }, fault: undefined, ...more }; // prettier-ignore
};

function check(...entries: readonly LogEntry[]) {
  const streams = new StreamCheck(counterEvents, new Set(["counter"]), scratch);
  for (const each of entries) streams.see(each);
  return streams.report();
}

test("whole streams are without fault; those of others are not looked at", () => {
  const report = check(entry("counter-a", 0), entry("other-x", 7), entry("counter-b", 0), entry("counter-a", 1));
  expect(report).toEqual({ streams: 2, events: 3, faults: 0, findings: [] });
});

test("a revision that is missing, at the beginning or within", () => {
  const { findings } = check(entry("counter-a", 0), entry("counter-a", 2), entry("counter-b", 1), entry("counter-a", 3)); // prettier-ignore
  expect(findings.map(({ kind, stream, revision, message }) => [kind, stream, revision, message])).toEqual([
    ["revision-gap", "counter-a", 2, "revision 2 follows where 1 should"],
    ["revision-gap", "counter-b", 1, "revision 1 follows where 0 should"],
  ]);
});

test("an id that stands twice, be it in two streams", () => {
  const first = entry("counter-a", 0);
  const { findings } = check(first, entry("counter-b", 0, { id: first.id }));
  expect(findings).toMatchObject([{ kind: "repeated-id", message: expect.stringContaining(first.id) }]);
});

test("types that nobody knows, versions that nobody can lift, data that is not as the schema says", () => {
  const [bad] = log(["counter-a", { type: "Counted", data: { by: "one" } }]);
  const { faults, findings } = check(
    entry("counter-a", 0, { type: "Miscounted", event: undefined }),
    entry("counter-a", 1, { event: undefined, fault: "no upcaster from version 0 to 1" }),
    entry("counter-a", 2, { event: undefined }),
    entry("counter-a", 3, { event: bad }),
  );
  expect(faults).toBe(4);
  expect(findings.map(({ kind, message }) => [kind, message])).toEqual([
    ["unknown-type", "no context knows events of the type Miscounted"],
    ["unreadable", "no upcaster from version 0 to 1"],
    ["unreadable", "it is not JSON, or has no command id"],
    ["invalid-data", expect.stringMatching(/^by: /)],
  ]);
});
