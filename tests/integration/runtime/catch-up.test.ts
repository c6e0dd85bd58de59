import { type Recorded } from "../../../src/domains/kernel";
import { EventLog } from "../../../src/infra/eventstore";
import { CommandHandler, newId } from "../../../src/infra/runtime";
import { catchUp } from "../../../src/infra/runtime/catch-up";
import { counter, counterEvents } from "../../support/counter";
import { startStores, type TestStores } from "../../support/stores";

/* A reader that is slower than the log is paused; the client's word of how far it got must not run ahead of the events. */

const COUNT = 400;
let stores: TestStores;
let log: EventLog;
let target: bigint;

beforeAll(async () => {
  stores = await startStores({ need: { eventstore: true } });
  log = new EventLog(stores.eventstoreUrl, counterEvents);
  const handler = new CommandHandler(log);
  const commandIds = Array.from({ length: COUNT }, () => newId());
  await Promise.all(
    commandIds.map((commandId, n) =>
      handler.execute(
        counter,
        String(n % 7),
        { type: "Count", by: 1 },
        { commandId, correlationId: commandId, actor: "test" },
      ),
    ),
  );
  target = await log.endPosition();
});
afterAll(async () => {
  await log.close();
  await stores.stop();
});

test.each([1, 3, 10, 50])(
  "no event is passed over by a reader that takes %i at once and needs time for them",
  async (most) => {
    const handled: Recorded[] = [];
    let reached = -1n;
    await catchUp({
      log,
      types: Object.keys(counterEvents),
      streams: ["counter-"],
      after: -1n,
      target,
      batches: { most },
      signal: new AbortController().signal,
      async handle(events, upTo) {
        await new Promise((resolve) => setTimeout(resolve, 2));
        for (const { position } of events) expect(position).toBeLessThanOrEqual(upTo);
        for (const { position } of events) expect(position).toBeGreaterThan(reached);
        handled.push(...events);
        reached = upTo;
      },
    });
    expect(handled).toHaveLength(COUNT);
    expect(new Set(handled.map(({ id }) => id)).size).toBe(COUNT);
    expect(reached).toBeGreaterThanOrEqual(target);
  },
);
