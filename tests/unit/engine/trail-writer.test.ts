import { type AuditEvent, auditEvents } from "../../../src/domains/operations";
import { TrailWriter } from "../../../src/engine/audit-trail/trail-writer";
import { EventCodec } from "../../../src/infra/eventstore/codec";
import { type NewEvent } from "../../../src/infra/eventstore";
import { eventually } from "../../support/eventually";

/* Appends to the audit trail, to a log that is away now and then. */

const answered = (sku: string): AuditEvent => ({
  type: "CommandAnswered",
  data: {
    method: "PUT",
    route: "/admin/v1/prices/:sku",
    operation: "setPrice",
    ids: { sku },
    made: null,
    outcome: "accepted",
    status: 200,
    code: null,
  },
});
const about = (occurredAt = "2026-03-14T10:00:00.000Z") => ({ actor: "key:erp", correlationId: "c", occurredAt });

/** A log that takes appends, or takes them and does not say so, or is away. */
function given(capacity = 100) {
  const log = {
    streams: new Map<string, NewEvent[]>(),
    mood: "there" as "there" | "silent" | "away",
    asked: 0,
    codec: new EventCodec(auditEvents),
    async append(stream: string, events: readonly NewEvent[], expected: number) {
      log.asked += 1;
      if (log.mood === "away") throw new Error("away");
      const before = log.streams.get(stream) ?? [];
      const same = events.every(({ id }, index) => before[expected + 1 + index]?.id === id);
      if (!same && before.length !== expected + 1) return { ok: false } as const;
      if (!same) log.streams.set(stream, [...before, ...events]);
      if (log.mood === "silent") throw new Error("no answer");
      return { ok: true, revision: expected + events.length, position: 0n } as const;
    },
  };
  const reports: number[] = [];
  const writer = new TrailWriter({
    log,
    capacity,
    gathering: 0,
    retry: 1,
    report: (_, waiting) => reports.push(waiting),
  });
  const written = () => [...log.streams.values()].map((events) => events.map(({ data }) => (data as { ids: { sku: string } }).ids.sku)); // prettier-ignore
  return { log, writer, reports, written };
}

test("what comes together is appended together, and is as its schema says", async () => {
  const { log, writer, written } = given();
  for (const sku of ["A", "B", "C"]) writer.add(answered(sku), about());
  await eventually(() => writer.pending === 0);
  expect([log.asked, written()]).toEqual([1, [["A", "B", "C"]]]);
  const [event] = [...log.streams.values()][0] ?? [];
  expect(auditEvents.CommandAnswered.schema.safeParse(event?.data).success).toBe(true);
  expect(event?.metadata).toMatchObject({ ...about(), schemaVersion: 1, commandId: event?.id, causationId: event?.id });
});

test.each(["away", "silent"] as const)("a log that is %s is tried again, and has everything once", async (mood) => {
  const { log, writer, reports, written } = given();
  log.mood = mood;
  writer.add(answered("A"), about());
  await eventually(() => writer.figures.failures > 2);
  writer.add(answered("B"), about());
  log.mood = "there";
  await eventually(() => writer.pending === 0);
  expect(written()).toEqual([["A", "B"]]);
  expect([reports, writer.figures.events, writer.figures.lost]).toEqual([[1], 2, 0]);
});

test("what is too much while the log is away is counted", async () => {
  const { log, writer } = given(2);
  log.mood = "away";
  for (const sku of ["A", "B", "C", "D"]) writer.add(answered(sku), about());
  expect([writer.pending, writer.figures.lost]).toEqual([2, 2]);
  writer.close();
});

test("each day has a stream of its own", async () => {
  const { log, writer, written } = given();
  writer.add(answered("A"), about());
  await writer.flush();
  writer.add(answered("B"), about("2026-03-15T00:00:00.000Z"));
  await writer.flush();
  expect(written()).toEqual([["A"], ["B"]]);
  expect([...log.streams.keys()].map((stream) => stream.slice(0, 16))).toEqual([
    "audit-2026-03-14",
    "audit-2026-03-15",
  ]);
});
