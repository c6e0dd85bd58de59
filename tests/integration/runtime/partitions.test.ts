import fc from "fast-check";
import { FeedStore } from "../../../src/api/analytics/feed-store";
import { type Feed, type Projection, type Recorded, streamId } from "../../../src/domains/kernel";
import { auditedOf } from "../../../src/engine/audited";
import { type Context } from "../../../src/engine/context";
import { Engine } from "../../../src/engine/engine";
import { verify } from "../../../src/infra/audit";
import { type ConsumerState, newId, partitionOf } from "../../../src/infra/runtime";
import { counter, counterEvents, type CounterDocument, type CounterEvent, countFeed } from "../../support/counter";
import { eventually } from "../../support/eventually";
import { startStores, uniquePrefix, type TestStores } from "../../support/stores";

/** The document that cannot be changed by two for the moment. */
const stuck: { id: string | undefined } = { id: undefined };

/** A counter `<shelf>:<n>` counts for itself, and for its shelf, whose events come from many streams. */
const shelves: Projection<CounterDocument, CounterEvent> = {
  name: "shelves",
  context: "counting",
  version: 1,
  independent: true,
  events: ["Counted"],
  ids: (event: Recorded<CounterEvent>) => [streamId(event.stream), streamId(event.stream).split(":")[0] ?? ""],
  apply(document, event, id) {
    if (event.type !== "Counted") return document;
    if (id === stuck.id && event.data.by === 2) throw new Error("cannot be folded");
    return { _id: id, count: (document?.count ?? 0) + event.data.by, events: (document?.events ?? 0) + 1 };
  },
};
const counting: Context = {
  name: "counting",
  events: counterEvents,
  aggregates: [counter],
  projections: [shelves],
  feeds: [],
  processes: [],
  reactions: () => [],
};

/** Rows of every step; of steps by 13 only while it is not superstitious. */
const superstition = { active: false };
const steps: Feed<CounterEvent> = {
  ...countFeed,
  rows(event) {
    if (superstition.active && event.type === "Counted" && event.data.by === 13) throw new Error("not a thirteen");
    return countFeed.rows(event);
  },
};
const feeding: Context = { ...counting, projections: [], feeds: [steps] };

let stores: TestStores;
const engines = new Set<Engine>();
beforeAll(async () => {
  stores = await startStores();
});
afterEach(async () => {
  stuck.id = undefined;
  superstition.active = false;
  await stopAll();
});
afterAll(() => stores.stop());

async function start(
  mongoPrefix: string,
  count: number,
  work: "all" | readonly string[] = "all",
  context = counting,
): Promise<Engine> {
  const { eventstoreUrl, mongoUrl } = stores;
  const partitions = new Map([["*", count]]);
  const options = { contexts: [context], eventstoreUrl, mongoUrl, mongoPrefix, writeConcern: 1, work, partitions } as const; // prettier-ignore
  const engine = await Engine.start({ ...options, report: () => undefined });
  engines.add(engine);
  return engine;
}
async function stopAll(): Promise<void> {
  await Promise.all([...engines].map((engine) => engine.stop()));
  engines.clear();
}

/** What is counted, beside the engine. */
class Counts {
  readonly documents = new Map<string, CounterDocument>();
  position = -1n;

  async count(engine: Engine, id: string, by = 1): Promise<void> {
    const commandId = newId();
    const context = { commandId, correlationId: commandId, actor: "test" };
    const outcome = await engine.commands.execute(counter, id, { type: "Count", by }, context);
    if (!outcome.accepted) throw new Error(outcome.error.message);
    this.position = outcome.position;
    for (const _id of [id, id.split(":")[0] ?? ""]) {
      const { count = 0, events = 0 } = this.documents.get(_id) ?? {};
      this.documents.set(_id, { _id, count: count + by, events: events + 1 });
    }
  }

  /** Of these documents only: the log has those of other tests as well. */
  async expectIn(engine: Engine): Promise<void> {
    const model = engine.models.get<CounterDocument>("counting", "shelves");
    if (!(await model.waitFor(this.position, 20_000))) throw new Error(`stays at ${model.position}`);
    const expected = [...this.documents.values()].sort((a, b) => (a._id < b._id ? -1 : 1));
    const ids = expected.map(({ _id }) => _id);
    const found = await model.collection
      .find({ _id: { $in: ids } })
      .sort({ _id: 1 })
      .toArray();
    expect(found).toEqual(expected);
    for (const document of expected) expect(await model.get(document._id)).toEqual(document);
  }
}

const shelfNames = () => Array.from({ length: 4 }, () => newId().slice(0, 8));
const partitionsOf = (engine: Engine): readonly ConsumerState[] =>
  engine.runners.get("counting.shelves")?.state.partitions ?? [];
const liveIn = (engine: Engine) => partitionsOf(engine).filter(({ status }) => status === "live").length;

test("however it is divided, and divided anew, the documents are the same", async () => {
  const plan = fc.record({
    counts: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 3 }),
    steps: fc.array(fc.tuple(fc.nat(3), fc.nat(4), fc.integer({ min: 1, max: 9 })), { minLength: 1, maxLength: 25 }),
  });
  await fc.assert(
    fc.asyncProperty(plan, async ({ counts, steps }) => {
      const prefix = uniquePrefix();
      const shelves = shelfNames();
      const counted = new Counts();
      for (const count of counts) {
        const engine = await start(prefix, count);
        for (const [shelf, n, by] of steps) await counted.count(engine, `${shelves[shelf]}:${n}`, by);
        await counted.expectIn(engine);
        expect(partitionsOf(engine)).toHaveLength(count);
        await stopAll();
      }
    }),
    { numRuns: Number(process.env["MILLRACE_TEST_RUNS"] ?? 4) },
  );
});

test("partitions are spread over workers; who reads or writes elsewhere notices nothing, not even a new division", async () => {
  const prefix = uniquePrefix();
  const shelves = shelfNames();
  const reader = await start(prefix, 1, []);
  const counted = new Counts();
  let writing = true;
  const writer = (async () => {
    for (let n = 0; writing; n++) await counted.count(reader, `${shelves[n % 4]}:${n % 7}`);
  })();
  const first = await start(prefix, 4);
  await eventually(() => liveIn(first) === 4);
  const second = await start(prefix, 4);
  await eventually(() => liveIn(first) === 2 && liveIn(second) === 2);
  const third = await start(prefix, 3);
  await eventually(() => [first, second, third].every((engine) => partitionsOf(engine).length === 3 && liveIn(engine) === 1)); // prettier-ignore
  writing = false;
  await writer;
  for (const engine of [reader, first, second, third]) await counted.expectIn(engine);
  const report = await verify({ ...auditedOf([counting]), log: reader.log, stores: reader.stores });
  expect(report.readModels).toMatchObject([{ name: "counting.shelves", status: "same", differing: 0 }]);
}, 120_000);

test("a document that cannot be folded stops its partition alone; divided anew, the others are not folded twice", async () => {
  const prefix = uniquePrefix();
  const [shelf = ""] = shelfNames();
  const ids = Array.from({ length: 12 }, (_, n) => `${shelf}:${n}`);
  let engine = await start(prefix, 4);
  const counted = new Counts();
  for (const id of ids) await counted.count(engine, id);
  await counted.expectIn(engine);
  stuck.id = shelf;
  for (const id of ids) await counted.count(engine, id, 2);
  await eventually(() => partitionsOf(engine).filter(({ status }) => status === "failed").length === 1);
  expect(engine.runners.get("counting.shelves")?.state.active.status).toBe("failed");
  const model = engine.models.get<CounterDocument>("counting", "shelves");
  const moved = async () => (await model.collection.countDocuments({ _id: { $in: ids }, events: 2 })) as number;
  const others = ids.filter((id) => partitionOf(id, 4) !== partitionOf(shelf, 4)).length;
  await eventually(async () => (await moved()) >= others);
  expect(await model.waitFor(counted.position, 50)).toBe(false);
  const report = await verify({ ...auditedOf([counting]), log: engine.log, stores: engine.stores });
  expect(report.readModels[0]?.status).toBe("same");
  await stopAll();
  stuck.id = undefined;
  engine = await start(prefix, 3);
  for (const id of ids) await counted.count(engine, id);
  await counted.expectIn(engine);
  await stopAll();
  engine = await start(prefix, 1);
  await counted.count(engine, ids[0] ?? "");
  await counted.expectIn(engine);
}, 60_000);

test("what is divided is rebuilt beside it by all its workers, and takes over", async () => {
  const prefix = uniquePrefix();
  const shelves = shelfNames();
  const [one, other] = [await start(prefix, 3), await start(prefix, 3)];
  const counted = new Counts();
  for (let n = 0; n < 30; n++) await counted.count(one, `${shelves[n % 4]}:${n}`);
  await eventually(() => liveIn(one) + liveIn(other) === 3);
  await one.runners.get("counting.shelves")?.rebuild();
  const target = (engine: Engine) => engine.readModelStates[0]?.target;
  await eventually(() => target(one) === "shelves_v1_1" && target(other) === "shelves_v1_1", 40_000);
  await counted.count(one, `${shelves[0]}:0`);
  await counted.expectIn(one);
  await counted.expectIn(other);
  const report = await verify({ ...auditedOf([counting]), log: one.log, stores: one.stores });
  expect(report.readModels).toMatchObject([{ status: "same", target: "shelves_v1_1" }]);
}, 90_000);

/** Reads on in a feed, from the last cursor seen; what it has seen of this test's own steps, in order. */
class FeedReader {
  readonly seen: string[] = [];
  readonly steps: number[] = [];
  private cursor: string | undefined;

  constructor(private readonly prefix: string) {}

  async readOn(engine: Engine): Promise<void> {
    const store = new FeedStore(steps, engine.models.get("counting", "counts"));
    for await (const page of store.rows(this.cursor, Number.MAX_SAFE_INTEGER, new AbortController().signal))
      for (const row of page as { cursor: string; counter: string; quantity: number }[]) {
        this.cursor = row.cursor;
        this.seen.push(row.cursor);
        if (row.counter.startsWith(this.prefix)) this.steps.push(row.quantity);
      }
  }
}

test("a feed's rows are the same however it is divided, and divided anew; who reads on misses none", async () => {
  const prefix = uniquePrefix();
  const [shelf = ""] = shelfNames();
  const reader = new FeedReader(shelf);
  const counted = new Counts();
  const expected: number[] = [];
  const feed = (engine: Engine) => engine.models.get("counting", "counts");
  const count = (engine: Engine, by: number) => {
    expected.push(by);
    return counted.count(engine, `${shelf}:${expected.length % 5}`, by);
  };

  for (const partitions of [1, 4]) {
    const engine = await start(prefix, partitions, "all", feeding);
    for (let n = 0; n < 40; n++) {
      await count(engine, n + 1);
      await reader.readOn(engine);
      expect(reader.steps).toEqual(expected.slice(0, reader.steps.length));
    }
    expect(await feed(engine).waitFor(counted.position, 20_000)).toBe(true);
    await reader.readOn(engine);
    expect(reader.steps).toEqual(expected);
    if (partitions === 1) await stopAll();
  }

  // One partition stands still, the others go on: nobody is shown what comes behind the gap.
  let [engine] = engines;
  if (!engine) throw new Error("none is there");
  superstition.active = true;
  for (const by of [1, 13, ...Array.from({ length: 40 }, (_, n) => n + 20)]) await count(engine, by);
  const all = (of: Engine) => feed(of).collection.countDocuments({ counter: { $regex: `^${shelf}` } } as never);
  await eventually(async () => (await all(engine as Engine)) > expected.length - 30);
  await reader.readOn(engine);
  expect(reader.steps.length).toBeLessThanOrEqual(expected.indexOf(13, 80));
  expect(reader.steps).toEqual(expected.slice(0, reader.steps.length));
  await stopAll();

  superstition.active = false;
  engine = await start(prefix, 3, "all", feeding);
  expect(await feed(engine).waitFor(counted.position, 20_000)).toBe(true);
  await reader.readOn(engine);
  expect(reader.steps).toEqual(expected);
  expect(reader.seen).toEqual([...new Set(reader.seen)].toSorted());
  expect(await all(engine)).toBe(expected.length);
  const report = await verify({ ...auditedOf([feeding]), log: engine.log, stores: engine.stores });
  expect(report.readModels).toMatchObject([{ name: "counting.counts", status: "same", differing: 0 }]);
}, 90_000);
