import { type Document, type Projection } from "../../../src/domains/kernel";
import { auditedOf } from "../../../src/engine/audited";
import { type Context } from "../../../src/engine/context";
import { Engine } from "../../../src/engine/engine";
import { compareProjection, NothingToCompare, verify } from "../../../src/infra/audit";
import { newId } from "../../../src/infra/runtime";
import { counter, type CounterCommand, type CounterDocument, type CounterEvent, counterEvents, counters, countFeed, poison, poisonable } from "../../support/counter"; // prettier-ignore
import { eventually } from "../../support/eventually";
import { startStores, uniquePrefix, type TestStores } from "../../support/stores";

const counting: Context = {
  name: "counting",
  events: counterEvents,
  aggregates: [counter],
  projections: [counters, poisonable],
  feeds: [countFeed],
  processes: [],
  reactions: () => [],
};

let stores: TestStores;
let engine: Engine;
const ids = Array.from({ length: 30 }, newId);

const start = (contexts: readonly Context[]) =>
  Engine.start({
    contexts,
    eventstoreUrl: stores.eventstoreUrl,
    mongoUrl: stores.mongoUrl,
    mongoPrefix,
    writeConcern: 1,
    work: "all",
    report: () => undefined,
  });
const mongoPrefix = uniquePrefix();

async function execute(id: string, command: CounterCommand): Promise<bigint> {
  const commandId = newId();
  const outcome = await engine.commands.execute(counter, id, command, { commandId, correlationId: commandId, actor: "test" }); // prettier-ignore
  if (!outcome.accepted) throw new Error(outcome.error.message);
  return outcome.position;
}

beforeAll(async () => {
  stores = await startStores();
  engine = await start([counting]);
  for (const [n, id] of [...ids, ...ids].entries()) await execute(id, { type: "Count", by: n + 1 });
  await engine.level(10_000);
});
afterAll(async () => {
  poison.active = true;
  await engine.stop();
  await stores.stop();
});

/** What another version of the code finds in the same stores. */
async function verified(projections: readonly object[] = [], context: Partial<Context> = {}) {
  const audited = auditedOf([{ ...counting, projections: projections as Context["projections"], feeds: [], ...context }]); // prettier-ignore
  const report = await verify({ ...audited, log: engine.log, stores: engine.stores });
  return { ...report, models: report.readModels.map(({ name, status, reason }) => [name, status, reason]) };
}

test("as it was built it is the same", async () => {
  const report = await verified([counters], { feeds: [countFeed] });
  expect(report).toMatchObject({ good: true, streams: { streams: 30, events: 60, faults: 0 } });
  expect(report.readModels).toMatchObject([
    { name: "counting.counters", status: "same", documents: 30 },
    { name: "counting.counts", status: "same", documents: 60 },
  ]);
});

test("a projection that was changed without a new version shows, with the last event of the first document", async () => {
  const changed: Projection<CounterDocument, CounterEvent> = {
    ...counters,
    apply: (document, event, id, lookup) => {
      const next = counters.apply(document, event, id, lookup);
      return next && { ...next, count: next.count + 1 };
    },
  };
  const report = await verified([changed]);
  const first = [...ids].sort()[0] ?? "";
  expect(report.good).toBe(false);
  expect(report.readModels[0]).toMatchObject({
    status: "different",
    differing: 30,
    first: { id: first, path: "/count", lastEvent: { stream: `counter-${first}`, revision: 1, type: "Counted" } },
  });
});

test("documents that the code would not make are surplus, those that it would make are missing", async () => {
  const fewer = { ...counters, ids: () => ["all"] };
  const [model] = (await verified([fewer])).readModels;
  expect(model).toMatchObject({ status: "different", documents: 30, differing: 31 });
});

test("another version, and what nobody has built, are not compared", async () => {
  const report = await verified([
    { ...counters, version: 2 },
    { ...counters, name: "unheard" },
  ]);
  expect(report.models).toEqual([
    ["counting.counters", "skipped", "version 1 serves, and this is version 2"],
    ["counting.unheard", "skipped", "nothing has built it yet"],
  ]);
  expect(report.good).toBe(true);
});

test("code that cannot fold what was folded fails", async () => {
  const failing = {
    ...counters,
    apply: () => {
      throw new Error("no longer");
    },
  };
  const { models, good } = await verified([failing]);
  expect(models).toEqual([["counting.counters", "failed", expect.stringMatching(/^Counted at counter-.*@0 cannot be folded: no longer$/)]]); // prettier-ignore
  expect(good).toBe(false);
});

test("a projection that stands still is compared up to where it stands", async () => {
  await execute(ids[0] ?? "", { type: "Break" });
  await execute(ids[1] ?? "", { type: "Count", by: 5 });
  await eventually(() => engine.runners.get("counting.poisonable")?.state.active.status === "failed");
  await eventually(async () => (await verified([counters])).good);
  expect((await verified([poisonable])).models).toEqual([["counting.poisonable", "same", null]]);
});

test("events of a type that the code does not know are told", async () => {
  const { CounterBroken: _, ...others } = counterEvents;
  const { streams, good } = await verified([], { events: others });
  expect(streams).toMatchObject({ faults: 1, findings: [{ kind: "unknown-type", stream: `counter-${ids[0]}`, revision: 2 }] }); // prettier-ignore
  expect(good).toBe(false);
});

test("two versions are compared, but for what has changed since", async () => {
  const options = { log: engine.log, stores: engine.stores };
  const none = compareProjection(counters as unknown as Projection<Document>, options);
  await expect(none).rejects.toThrow(NothingToCompare);
  await engine.stop();
  const second = {
    ...counters,
    version: 2,
    apply: (...[document, event, id, lookup]: Parameters<typeof counters.apply>) => {
      const next = counters.apply(document, event, id, lookup);
      return next && { ...next, version: 2 };
    },
  };
  engine = await start([{ ...counting, projections: [second] as Context["projections"] }]);
  await eventually(() => engine.readModelStates[0]?.target === "counters_v2");
  await execute(ids[3] ?? "", { type: "Count", by: 1 });
  await engine.level(5_000);
  const found = await compareProjection(second as unknown as Projection<Document>, { log: engine.log, stores: engine.stores }); // prettier-ignore
  expect(found).toMatchObject({
    before: "counters_v1",
    after: "counters_v2",
    since: 1,
    sinceCompared: false,
    documents: 29,
    differing: 29,
    fields: [{ path: "/version", documents: 29 }],
  });
});
