import { type Context } from "../../../src/engine/context";
import { Engine } from "../../../src/engine/engine";
import { leaseView } from "../../../src/infra/mongo";
import { newId } from "../../../src/infra/runtime";
import { counter, counterEvents, counters, countFeed, type CounterDocument } from "../../support/counter";
import { eventually } from "../../support/eventually";
import { startStores, uniquePrefix, type TestStores } from "../../support/stores";

const NAMES = ["counters", "second", "third", "fourth", "fifth"];
const counting: Context = {
  name: "counting",
  events: counterEvents,
  aggregates: [counter],
  projections: NAMES.map((name) => ({ ...counters, name })),
  feeds: [countFeed],
  processes: [],
  reactions: () => [],
};
/** Consumers in all: the read models and the feed. */
const ALL = NAMES.length + 1;

let stores: TestStores;
const engines = new Set<Engine>();
beforeAll(async () => {
  stores = await startStores();
});
afterEach(async () => {
  await Promise.all([...engines].map((engine) => engine.stop()));
  engines.clear();
});
afterAll(() => stores.stop());

async function start(mongoPrefix: string, work: "all" | readonly string[] = "all"): Promise<Engine> {
  const { eventstoreUrl, mongoUrl } = stores;
  const contexts = [counting];
  const engine = await Engine.start({ contexts, eventstoreUrl, mongoUrl, mongoPrefix, writeConcern: 1, work, report: () => undefined }); // prettier-ignore
  engines.add(engine);
  return engine;
}
async function stop(engine: Engine): Promise<void> {
  engines.delete(engine);
  await engine.stop();
}

const ids = Array.from({ length: 5 }, newId);
async function count(engine: Engine): Promise<bigint> {
  let position = -1n;
  for (const id of ids) {
    const commandId = newId();
    const context = { commandId, correlationId: commandId, actor: "test" };
    const outcome = await engine.commands.execute(counter, id, { type: "Count", by: 1 }, context);
    if (!outcome.accepted) throw new Error(outcome.error.message);
    position = outcome.position;
  }
  return position;
}

/** How much each of the engines works on, as far as it is at work. */
const worked = (...those: readonly Engine[]) =>
  those.map(({ readModelStates }) => readModelStates.filter(({ active }) => active.status === "live").length);
const divided = (those: readonly Engine[], counts: readonly number[]) =>
  eventually(() => worked(...those).join() === counts.join(), 30_000);

async function expectCounted(engine: Engine, rounds: number, position: bigint): Promise<void> {
  for (const name of NAMES) {
    const model = engine.models.get<CounterDocument>("counting", name);
    expect(await model.waitFor(position, 20_000)).toBe(true);
    for (const _id of ids) expect(await model.get(_id)).toEqual({ _id, count: rounds, events: rounds });
  }
}

test("work is spread evenly over workers that come and go, under load; every event counts once", async () => {
  const prefix = uniquePrefix();
  const reader = await start(prefix, []);
  let writing = true;
  let rounds = 0;
  const writer = (async () => {
    let position = -1n;
    for (; writing; rounds++) position = await count(reader);
    return position;
  })();
  const first = await start(prefix);
  await divided([first], [ALL]);
  const second = await start(prefix);
  await divided([first, second], [ALL / 2, ALL / 2]);
  const third = await start(prefix);
  await divided([first, second, third], [2, 2, 2]);
  await stop(second);
  await divided([first, third], [ALL / 2, ALL / 2]);
  await stop(first);
  await divided([third], [ALL]);
  writing = false;
  const position = await writer;
  await expectCounted(third, rounds, position);
  await expectCounted(reader, rounds, position);
  const feed = third.models.get("counting", "counts");
  expect(await feed.waitFor(position, 20_000)).toBe(true);
  expect(await feed.collection.countDocuments({ counter: { $in: ids } } as never)).toBe(rounds * ids.length);
}, 120_000);

test("who could do only some of it takes its share of that; the rest stays where it is", async () => {
  const prefix = uniquePrefix();
  const first = await start(prefix);
  await divided([first], [ALL]);
  const second = await start(prefix, ["counters", "second"]);
  await divided([first, second], [ALL - 2, 2]);
  const { held } = await leaseView(second.stores, "counting");
  const owners = new Set(held.map(({ owner }) => owner));
  expect([held.length, owners.size]).toEqual([ALL, 2]);
});

test("a worker that is heard of no more is replaced, and what it does afterwards is fenced off", async () => {
  const prefix = uniquePrefix();
  const lost = await start(prefix);
  await divided([lost], [ALL]);
  const other = await start(prefix);
  await divided([lost, other], [ALL / 2, ALL / 2]);
  // As if it were frozen: it says nothing any more, and its time is over.
  const { owner } = lost["leases"];
  lost["leases"].stop();
  await other.stores
    .collection("counting", "leases")
    .updateMany({ owner }, [{ $set: { expiresAt: { $subtract: ["$$NOW", 1] } } }]);
  await divided([other], [ALL]);
  const before = (await other.models.get<CounterDocument>("counting", "counters").get(ids[0] ?? ""))?.count ?? 0;
  const position = await count(other);
  for (const name of NAMES) {
    const model = other.models.get<CounterDocument>("counting", name);
    expect(await model.waitFor(position, 20_000)).toBe(true);
    expect(await model.get(ids[0] ?? "")).toMatchObject({ count: 1 + before, events: 1 + before });
  }
  await eventually(() => worked(lost)[0] === 0);
}, 60_000);
