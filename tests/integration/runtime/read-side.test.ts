import { type Context } from "../../../src/engine/context";
import { Engine } from "../../../src/engine/engine";
import { type EngineOptions } from "../../../src/engine/options";
import { newId } from "../../../src/infra/runtime";
import { counter, counterEvents, counters, countFeed, poison, poisonable, type CounterDocument } from "../../support/counter"; // prettier-ignore
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
const engines = new Set<Engine>();

beforeAll(async () => {
  stores = await startStores({ need: { eventstore: true, mongo: true } });
});
afterEach(async () => {
  await Promise.all([...engines].map((engine) => engine.stop()));
  engines.clear();
  poison.active = true;
});
afterAll(() => stores.stop());

async function start(mongoPrefix: string, more: Partial<EngineOptions> = {}): Promise<Engine> {
  const engine = await Engine.start({
    contexts: [counting],
    eventstoreUrl: stores.eventstoreUrl,
    mongoUrl: stores.mongoUrl,
    mongoPrefix,
    writeConcern: 1,
    work: "all",
    report: () => undefined,
    ...more,
  });
  engines.add(engine);
  return engine;
}
async function stop(engine: Engine): Promise<void> {
  engines.delete(engine);
  await engine.stop();
}

async function count(engine: Engine, id: string, by = 1): Promise<bigint> {
  const commandId = newId();
  const outcome = await engine.commands.execute(
    counter,
    id,
    { type: "Count", by },
    { commandId, correlationId: commandId, actor: "test" },
  );
  if (!outcome.accepted) throw new Error(outcome.error.message);
  return outcome.position;
}
const model = (engine: Engine) => engine.models.get<CounterDocument>("counting", "counters");

describe("read side", () => {
  test("a reader that waits for a write's position sees the write", async () => {
    const engine = await start(uniquePrefix());
    const id = newId();
    for (let n = 1; n <= 20; n++) {
      const position = await count(engine, id);
      expect(await model(engine).waitFor(position, 5_000)).toBe(true);
      expect(await model(engine).get(id)).toMatchObject({ count: n, events: n });
    }
  });

  test("an engine that is stopped as soon as it has started stops", async () => {
    await stop(await start(uniquePrefix(), { work: [] }));
    await stop(await start(uniquePrefix()));
  });

  test("a position that does not come is not waited for longer than asked", async () => {
    const engine = await start(uniquePrefix());
    expect(await model(engine).waitFor(1n << 60n, 50)).toBe(false);
  });

  test("each event counts once over restarts, whatever was written while no worker ran", async () => {
    const prefix = uniquePrefix();
    const ids = Array.from({ length: 10 }, newId);
    let engine = await start(prefix);
    for (const id of ids) await count(engine, id);
    await stop(engine);
    const writer = await start(prefix, { work: [] });
    for (let n = 0; n < 300; n++) await count(writer, ids[n % 10] ?? "");
    await stop(writer);
    engine = await start(prefix);
    const position = await count(engine, ids[0] ?? "");
    expect(await model(engine).waitFor(position, 10_000)).toBe(true);
    for (const [n, id] of ids.entries())
      expect(await model(engine).get(id)).toMatchObject({ count: n === 0 ? 32 : 31, events: n === 0 ? 32 : 31 });
    const feed = engine.models.get("counting", "counts");
    expect(await feed.waitFor(position, 10_000)).toBe(true);
    expect(await feed.collection.countDocuments({ counter: { $in: ids } } as never)).toBe(311);
  });

  test("two workers share the work; one takes over when the other goes, and readers elsewhere follow", async () => {
    const prefix = uniquePrefix();
    const first = await start(prefix);
    await eventually(() => first.readModelStates.every(({ active }) => active.status === "live"));
    const second = await start(prefix);
    const id = newId();
    const before = await count(second, id);
    expect(await model(second).waitFor(before, 10_000)).toBe(true);
    const reader = await start(prefix, { work: [] });
    expect(await model(reader).waitFor(before, 10_000)).toBe(true);
    expect(await model(reader).get(id)).toMatchObject({ count: 1 });
    await stop(first);
    const after = await count(reader, id);
    expect(await model(second).waitFor(after, 10_000)).toBe(true);
    expect(await model(reader).waitFor(after, 10_000)).toBe(true);
    expect(await model(reader).get(id)).toMatchObject({ count: 2, events: 2 });
  });

  test("an event that cannot be folded stops its projection alone, is shown, and can be retried", async () => {
    const engine = await start(uniquePrefix());
    const id = newId();
    await count(engine, id);
    const commandId = newId();
    await engine.commands.execute(
      counter,
      id,
      { type: "Break" },
      { commandId, correlationId: commandId, actor: "test" },
    );
    const position = await count(engine, id);
    expect(await model(engine).waitFor(position, 5_000)).toBe(true);
    const state = () => engine.runners.get("counting.poisonable")?.state.active;
    await eventually(() => state()?.status === "failed");
    expect(state()?.error).toMatchObject({ stream: `counter-${id}`, revision: 1, type: "CounterBroken" });
    const broken = engine.models.get<CounterDocument>("counting", "poisonable");
    expect(await broken.get(id)).toMatchObject({ count: 1 });
    poison.active = false;
    engine.runners.get("counting.poisonable")?.retry();
    expect(await broken.waitFor(position, 5_000)).toBe(true);
    expect(await broken.get(id)).toMatchObject({ count: 2, events: 2 });
  });

  test("a rebuild under load: readers never see a gap or an older state, and the result is the same", async () => {
    const engine = await start(uniquePrefix());
    const id = newId();
    for (let n = 0; n < 50; n++) await count(engine, id);
    let writing = true;
    let written = 50;
    const writer = (async () => {
      while (writing) {
        await count(engine, id);
        written++;
      }
    })();
    await eventually(async () => ((await model(engine).collection.findOne({ _id: id }))?.count ?? 0) >= 50);
    let seen = 0;
    const before = model(engine).collection.collectionName;
    const reader = (async () => {
      while (writing) {
        const found = await model(engine).collection.findOne({ _id: id });
        if (!found || found.count < seen) throw new Error(`saw ${String(found?.count)} after ${seen}`);
        seen = found.count;
      }
    })();
    await engine.runners.get("counting.counters")?.rebuild();
    await eventually(() => model(engine).collection.collectionName !== before);
    await eventually(() => seen > 60);
    writing = false;
    await Promise.all([writer, reader]);
    const position = await count(engine, id);
    expect(await model(engine).waitFor(position, 5_000)).toBe(true);
    expect(await model(engine).get(id)).toEqual({ _id: id, count: written + 1, events: written + 1 });
  });

  test("a reader elsewhere knows at once that what was written is nothing to a read model", async () => {
    const prefix = uniquePrefix();
    const worker = await start(prefix);
    const reader = await start(prefix, { work: [] });
    const counted = await count(reader, newId());
    expect(await model(reader).waitFor(counted, 10_000)).toBe(true);
    poison.active = false;
    const commandId = newId();
    const context = { commandId, correlationId: commandId, actor: "test" };
    const outcome = await reader.commands.execute(counter, newId(), { type: "Break" }, context);
    expect(outcome.accepted && (await model(reader).waitFor(outcome.position, 2_000))).toBe(true);
    const after = await count(worker, newId());
    expect(await model(reader).waitFor(after, 2_000)).toBe(true);
  });
});
