import { type Aggregate } from "../../../src/domains/kernel";
import { EventLog, type NewEvent } from "../../../src/infra/eventstore";
import { MongoStores } from "../../../src/infra/mongo";
import { CommandHandler, type CommandContext, fingerprint, newId, Snapshots } from "../../../src/infra/runtime";
import { counter, type CounterCommand, type CounterEvent, counterEvents } from "../../support/counter";
import { startStores, type TestStores, uniquePrefix } from "../../support/stores";

/* Long streams: a command that finds nothing of its aggregate in memory goes on from a snapshot, as if there were none. */

/** A stream of 100,000 events takes half a minute, and more on a busy machine; of 10,000 it shows the same. */
const LONG = process.env["MILLRACE_LONG_STREAMS"] ? 100_000 : 10_000;
const PATIENCE = 60_000 + 3 * LONG;
const EVERY = 100;

let stores: TestStores;
let log: EventLog;
let mongo: MongoStores;

beforeAll(async () => {
  stores = await startStores();
  log = new EventLog(stores.eventstoreUrl, counterEvents);
  mongo = await MongoStores.connect({ url: stores.mongoUrl, prefix: uniquePrefix(), writeConcern: 1 });
});
afterAll(async () => {
  await log.close();
  await mongo.close();
  await stores.stop();
});

let evolved = 0;
/** A counter whose states are kept, and which counts the events that it folds. */
const counterOf = (version: number): Aggregate<CounterCommand, CounterEvent, number> => ({
  ...counter,
  evolve(state, event) {
    evolved++;
    return counter.evolve(state, event);
  },
  snapshot: { version, encode: (state) => ({ state }), decode: (stored) => (stored as { state: number }).state },
});
const long = counterOf(1);

const context = (content: unknown): CommandContext => {
  const commandId = newId();
  return { commandId, commandHash: fingerprint(content), correlationId: commandId, actor: "test" };
};
const count = (by: number, limit?: number) => ({ type: "Count" as const, by, ...(limit !== undefined && { limit }) });

/** A process of its own: nothing in memory, and snapshots beside it. */
function started(code = "code", database = mongo) {
  const snapshots = new Snapshots(database, { home: () => "counting", code, every: EVERY, report: () => undefined });
  return { snapshots, handler: new CommandHandler(log, { snapshots }) };
}
const kept = () => mongo.collection<{ _id: string; stream: string; state: string; commands: unknown }>("counting", "snapshots"); // prettier-ignore

/** So many events of one each, as so many commands made them. */
async function filled(events: number): Promise<string> {
  const id = newId();
  const event = (): NewEvent => {
    const commandId = newId();
    const occurredAt = new Date().toISOString();
    const metadata = { commandId, correlationId: commandId, causationId: commandId, actor: "test", schemaVersion: 1, occurredAt }; // prettier-ignore
    return { id: newId(), type: "Counted", data: { by: 1 }, metadata };
  };
  for (let n = 0; n < events; n += 2_000) {
    const batch = Array.from({ length: Math.min(2_000, events - n) }, event);
    await log.append(`counter-${id}`, batch, n - 1);
  }
  return id;
}

/** A stream with a snapshot of all it has. */
async function snapshotted(events = 250): Promise<string> {
  const id = await filled(events);
  const { handler, snapshots } = started();
  await handler.load(long, id);
  await snapshots.settled();
  return id;
}

test(
  `a stream of ${LONG} events takes its next command without being read again`,
  async () => {
    const id = await filled(LONG);
    const first = started();
    expect(await first.handler.execute(long, id, count(1), context(1))).toMatchObject({ state: LONG + 1 });
    await first.snapshots.settled();
    evolved = 0;
    const { handler, snapshots } = started();
    const outcome = await handler.execute(long, id, count(1), context(2));
    expect(outcome).toMatchObject({ accepted: true, state: LONG + 2, revision: LONG + 1 });
    expect(evolved).toBeLessThan(EVERY);
    expect(snapshots.figures).toMatchObject({ read: 1, ignored: 0, failed: 0 });
  },
  PATIENCE,
);

test("however many commands follow, never more events than that are read", async () => {
  const id = newId();
  let expected = 0;
  for (let round = 0; round < 5; round++) {
    evolved = 0;
    const { handler, snapshots } = started();
    const answers = await Promise.all(Array.from({ length: 150 }, (_, n) => handler.execute(long, id, count(n), context(n)))); // prettier-ignore
    await snapshots.settled();
    expected += (149 * 150) / 2;
    expect(answers.every(({ accepted }) => accepted)).toBe(true);
    expect(evolved).toBeLessThan(150 + EVERY + 150);
    expect(await started().handler.load(long, id)).toMatchObject({ state: expected });
    expect(await new CommandHandler(log).load(counter, id)).toMatchObject({ state: expected });
  }
});

describe("a command repeated to a process that went on from a snapshot", () => {
  test("gets its first answer, whether it came before the snapshot or after", async () => {
    const id = await filled(300);
    const [before, after] = [context(7), context(8)];
    const first = started();
    await first.handler.execute(long, id, count(7), before);
    await first.snapshots.settled();
    const second = started();
    await second.handler.execute(long, id, count(8), after);
    const { handler, snapshots } = started();
    await handler.execute(long, id, count(1), context(1));
    for (const again of [handler, started().handler]) {
      const repeated = await again.execute(long, id, count(7), before);
      expect(repeated).toMatchObject({ repeated: true, state: 307, revision: 300, events: [{ data: { by: 7 } }] });
      const later = await again.execute(long, id, count(8), after);
      expect(later).toMatchObject({ repeated: true, state: 315, revision: 301, events: [{ data: { by: 8 } }] });
    }
    expect(snapshots.figures.read).toBeGreaterThan(0);
    expect((await new CommandHandler(log).load(counter, id)).revision).toBe(302);
  });

  test("is refused with other content", async () => {
    const id = await filled(300);
    const given = context(7);
    const first = started();
    await first.handler.execute(long, id, count(7), given);
    await first.snapshots.settled();
    const other = await started().handler.execute(long, id, count(6), { ...given, commandHash: fingerprint(6) });
    expect(other).toMatchObject({ accepted: false, error: { code: "idempotency-key-reused" } });
  });
});

describe("a snapshot is as if it were not there", () => {
  test("when other code made it, or the same in another form", async () => {
    const id = await snapshotted();
    for (const [code, aggregate] of [
      ["newer code", long],
      ["code", counterOf(2)],
    ] as const) {
      // prettier-ignore
      const { handler, snapshots } = started(code);
      evolved = 0;
      expect(await handler.load(aggregate, id)).toMatchObject({ state: 250 });
      expect(evolved).toBe(250);
      await snapshots.settled();
      expect(snapshots.figures).toMatchObject({ read: 0, written: 1 });
    }
    // Each process of an upgrade under way has its own.
    expect(await kept().countDocuments({ stream: `counter-${id}` })).toBe(3);
    expect((await started().snapshots.read(`counter-${id}`, long as never))?.state).toBe(250);
  });

  test.each([
    ["its state was changed", { $set: { state: '{"state":9}' } }],
    ["its state is cut off", { $set: { state: '{"sta' } }],
    ["its commands are gone", { $unset: { commands: 1 as const } }],
    ["it is another stream's", { $set: { stream: "counter-other" } }],
    ["it says another revision", { $set: { revision: 7 } }],
    ["nothing of it is left", { $unset: { revision: 1 as const, state: 1 as const, check: 1 as const, eventId: 1 as const } }], // prettier-ignore
  ])("when it is damaged: %s", async (_, damage) => {
    const id = await snapshotted();
    expect(await kept().updateOne({ stream: `counter-${id}` }, damage as object)).toMatchObject({ modifiedCount: 1 });
    const { handler, snapshots } = started();
    expect(await handler.execute(long, id, count(1), context(1))).toMatchObject({ state: 251, revision: 250 });
    await snapshots.settled();
    // The next one is whole again.
    expect(snapshots.figures).toMatchObject({ read: 0, ignored: 1, written: 1 });
    const next = started();
    expect(await next.handler.load(long, id)).toMatchObject({ state: 251 });
    expect(next.snapshots.figures).toMatchObject({ read: 1, ignored: 0 });
  });

  test("when the stream was deleted and begun anew; what is in memory as well", async () => {
    const id = await snapshotted();
    const { handler } = started();
    await handler.load(long, id);
    const { client } = log.connect();
    await client.deleteStream(`counter-${id}`);
    await client.dispose();
    for (const each of [handler, started().handler])
      expect(await each.load(long, id)).toMatchObject({ state: 0, revision: -1 });
    expect(await started().handler.execute(long, id, count(5), context(5))).toMatchObject({ state: 5 });
    expect(await handler.execute(long, id, count(5), context(5))).toMatchObject({ state: 10 });
  });

  test("when the collection is dropped, or the database is away", async () => {
    const id = await snapshotted();
    await kept().drop();
    expect(await started().handler.execute(long, id, count(1), context(1))).toMatchObject({ state: 251 });
    const gone = await MongoStores.connect({ url: stores.mongoUrl, prefix: uniquePrefix() });
    await gone.close();
    const { handler, snapshots } = started("code", gone);
    expect(await handler.execute(long, id, count(1), context(1))).toMatchObject({ state: 252 });
    await snapshots.settled();
    expect(snapshots.figures.failed).toBeGreaterThan(0);
  });
});
