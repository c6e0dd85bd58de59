import { z } from "zod";
import { problemOf } from "../../../src/api/http/problem";
import { defineEvents, type EventDefinition, type Projection } from "../../../src/domains/kernel";
import { type Context } from "../../../src/engine/context";
import { Engine } from "../../../src/engine/engine";
import { newId, type Outcome, type Reaction } from "../../../src/infra/runtime";
import { counter, type CounterDocument, type CounterEvent, counterEvents, counters } from "../../support/counter";
import { eventually } from "../../support/eventually";
import { startStores, type TestStores, uniquePrefix } from "../../support/stores";

/*
 * Three releases of one context, each beside the one before it on the same streams and read models: the old one, one
 * that reads a new version of an event but still writes the old one, and one that writes the new version. The last one
 * has another version of a read model too.
 */

type Release = "old" | "reads" | "writes";

const counted = z.strictObject({ by: z.int(), unit: z.enum(["piece", "dozen"]) });
const upcasters = { 1: ({ by }: { by: number }) => ({ by, unit: "piece" }) };
const Counted: Readonly<Record<Release, EventDefinition>> = {
  old: counterEvents.Counted,
  reads: {
    ...counterEvents.Counted,
    version: 2,
    schema: counted,
    upcasters,
    stillWrites: { version: 1, lower: ({ by, unit }: z.output<typeof counted>) => ({ by: unit === "dozen" ? 12 * by : by }) }, // prettier-ignore
  },
  writes: { ...counterEvents.Counted, version: 2, schema: counted, upcasters },
};

/** A fact of a type that the releases before did not have. */
const { CounterSealed } = defineEvents("counter", { CounterSealed: { version: 1, schema: z.strictObject({}) } });

type NewerEvent = { readonly type: "Counted"; readonly data: z.output<typeof counted> };
const amount = ({ by, unit }: z.output<typeof counted>): number => (unit === "dozen" ? 12 * by : by);

/** What newer code decides: in dozens where it can. */
const newerCounter = {
  ...counter,
  decide: (command: { type: string; by: number }, state: number) => {
    if (command.type === "Seal") return [{ type: "CounterSealed", data: {} }];
    const decision = counter.decide(command as never, state);
    if (!Array.isArray(decision)) return decision;
    const { by } = command;
    return [{ type: "Counted", data: by % 12 === 0 ? { by: by / 12, unit: "dozen" } : { by, unit: "piece" } }];
  },
  evolve: (state: number, { type, data }: NewerEvent) => (type === "Counted" ? state + amount(data) : state),
};

const newerCounters = (version: number, name = "counters"): Projection<CounterDocument> => ({
  ...(counters as Projection<CounterDocument>),
  name,
  version,
  apply: (document, { data }, id) => ({
    _id: id,
    count: (document?.count ?? 0) + amount(data as NewerEvent["data"]),
    events: (document?.events ?? 0) + 1,
    ...(version > 1 && { release: version }),
  }),
});

/** Counts what broke; it listens to nothing that changes. */
const breaks: Projection<CounterDocument, CounterEvent> = {
  ...counters,
  name: "breaks",
  events: ["CounterBroken"],
  apply: (document, _, id) => ({ _id: id, count: 0, events: (document?.events ?? 0) + 1 }),
};

/** Events that each release's reaction was told of. */
const told: Record<Release, string[]> = { old: [], reads: [], writes: [] };
const reaction = (release: Release): Reaction => ({
  name: "watching",
  context: "counting",
  events: ["Counted"],
  react: async ({ id }) => void told[release].push(id),
});

function counting(release: Release): Context {
  const isOld = release === "old";
  return {
    name: "counting",
    events: { ...counterEvents, Counted: Counted[release], ...(release === "writes" && { CounterSealed }) },
    aggregates: [isOld ? counter : newerCounter],
    projections: [
      isOld ? counters : newerCounters(release === "writes" ? 2 : 1),
      isOld ? { ...counters, name: "same" } : newerCounters(1, "same"),
      breaks,
    ],
    feeds: [],
    processes: [],
    reactions: () => [reaction(release)],
  };
}

let stores: TestStores;
const engines = new Set<Engine>();
const warnings: string[] = [];
// Each test has a log of its own: what is in one stays there.
beforeEach(async () => {
  stores = await startStores();
});
afterEach(async () => {
  await Promise.all([...engines].map((engine) => engine.stop()));
  engines.clear();
  await stores.stop();
  for (const each of Object.values(told)) each.length = 0;
  warnings.length = 0;
});

async function start(release: Release, mongoPrefix: string): Promise<Engine> {
  const { eventstoreUrl, mongoUrl } = stores;
  const engine = await Engine.start({
    contexts: [counting(release)],
    eventstoreUrl,
    mongoUrl,
    mongoPrefix,
    writeConcern: 1,
    work: "all",
    report: (level, message) => void (level === "warn" && warnings.push(message)),
  });
  engines.add(engine);
  return engine;
}
async function stop(engine: Engine): Promise<void> {
  engines.delete(engine);
  await engine.stop();
}

async function command(engine: Engine, id: string, wanted: object): Promise<Outcome> {
  const aggregate = engine.aggregate("counter") ?? counter;
  const commandId = newId();
  return engine.commands.execute(aggregate, id, wanted, { commandId, correlationId: commandId, actor: "test" });
}
async function count(engine: Engine, id: string, by: number): Promise<bigint> {
  const outcome = await command(engine, id, { type: "Count", by });
  if (!outcome.accepted) throw new Error(outcome.error.message);
  return outcome.position;
}

const statusesOf = ({ readModelStates, workerStates }: Engine): Readonly<Record<string, string>> =>
  Object.fromEntries([
    ...readModelStates.map(({ name, active }) => [name, active.status]),
    ...workerStates.map(({ name, state }) => [name, state.status]),
  ]);
const isAtWork = (engine: Engine, ...names: readonly string[]) =>
  eventually(() => names.every((name) => ["live"].includes(statusesOf(engine)[name] ?? "")), 30_000);

async function read(engine: Engine, name: string, id: string, position: bigint) {
  const model = engine.models.get<CounterDocument>("counting", name);
  expect(await model.waitFor(position, 20_000)).toBe(true);
  return model.get(id);
}

test("a release that reads a new version and still writes the old one is noticed by nobody", async () => {
  const prefix = uniquePrefix();
  const old = await start("old", prefix);
  const id = newId();
  await count(old, id, 1);
  const next = await start("reads", prefix);
  for (let i = 0; i < 5; i++) {
    await count(next, id, 12);
    await count(old, id, 3);
  }
  const position = await count(next, id, 24);
  for (const engine of [old, next])
    for (const name of ["counters", "same"])
      expect(await read(engine, name, id, position)).toEqual({ _id: id, count: 100, events: 12 });
  expect((await old.commands.load(counter, id)).state).toBe(100);
  await eventually(() => new Set([...told.old, ...told.reads]).size === 12);
  expect(warnings).toEqual([]);
});

test("what the old code cannot read it leaves to the new code, goes on with the rest, and shows what the new one makes", async () => {
  const prefix = uniquePrefix();
  const reads = await start("reads", prefix);
  const old = await start("old", prefix);
  const id = newId();
  await count(old, id, 2);
  const writes = await start("writes", prefix);
  await isAtWork(writes, "counters");
  // The new version of the read model is level and has taken over.
  await eventually(() => writes.readModelStates.find(({ name }) => name === "counters")?.target === "counters_v2", 30_000); // prettier-ignore

  const written = await count(writes, id, 24);
  await command(writes, newId(), { type: "Count", by: 1 });
  const broken = newId();
  const outcome = await command(old, broken, { type: "Break" });
  if (!outcome.accepted) throw new Error(outcome.error.message);
  expect(await read(old, "breaks", broken, outcome.position)).toMatchObject({ events: 1 });
  await eventually(() => statusesOf(old)["breaks"] !== "outdated" && old.tail.state.connected);
  expect(old.tail.state.reconnects).toBe(0);

  for (const engine of [old, reads, writes]) {
    expect(await read(engine, "counters", id, written)).toEqual({ _id: id, count: 26, events: 2, release: 2 });
    expect(await read(engine, "same", id, written)).toEqual({ _id: id, count: 26, events: 2 });
  }
  await eventually(() => told.writes.length + told.reads.length > 0 && statusesOf(old)["watching"] !== "live");

  // The old ones leave, and nothing is missing.
  await stop(old);
  await stop(reads);
  await isAtWork(writes, "counters", "same", "breaks", "watching");
  const last = await count(writes, id, 1);
  expect(await read(writes, "same", id, last)).toEqual({ _id: id, count: 27, events: 3 });
  expect(await read(writes, "counters", id, last)).toEqual({ _id: id, count: 27, events: 3, release: 2 });
  await eventually(() => new Set([...told.old, ...told.reads, ...told.writes]).size === 4);
}, 90_000);

test("old code that meets a newer event when it starts says so, and takes nothing from those who come", async () => {
  const prefix = uniquePrefix();
  const old = await start("old", prefix);
  const id = newId();
  await isAtWork(old, "same", "watching");
  await count(old, id, 1);
  await stop(old);
  const writes = await start("writes", prefix);
  await stop(writes);
  // Nobody works: it is written behind everybody's back.
  const apiOnly = await Engine.start({
    contexts: [counting("writes")],
    eventstoreUrl: stores.eventstoreUrl,
    mongoUrl: stores.mongoUrl,
    mongoPrefix: prefix,
    writeConcern: 1,
    work: [],
    report: () => undefined,
  });
  engines.add(apiOnly);
  const position = await count(apiOnly, id, 12);

  const again = await start("old", prefix);
  await eventually(() => statusesOf(again)["same"] === "outdated" && statusesOf(again)["watching"] === "outdated", 30_000); // prettier-ignore
  expect(again.readModelStates.find(({ name }) => name === "same")?.active.error?.message).toBe(
    `cannot read Counted in counter-${id}: version 2 is newer than version 1, which is known here: upgrade`,
  );
  await eventually(() => statusesOf(again)["breaks"] === "live", 30_000);
  expect(warnings.filter((each) => each.startsWith("same_v1 is left to newer code"))).toHaveLength(1);

  const newer = await start("writes", prefix);
  for (const engine of [newer, again])
    expect(await read(engine, "same", id, position)).toEqual({ _id: id, count: 13, events: 2 });
}, 90_000);

describe("a decision", () => {
  test("is not made on a stream with an event of a newer version, whatever is in memory; newer code makes it", async () => {
    const prefix = uniquePrefix();
    const old = await start("old", prefix);
    const writes = await start("writes", prefix);
    const [kept, unseen] = [newId(), newId()];
    await count(old, kept, 5);
    await count(writes, kept, 12);
    await count(writes, unseen, 12);
    for (const id of [kept, unseen]) {
      const error: unknown = await command(old, id, { type: "Count", by: 1, limit: 100 }).catch((thrown) => thrown);
      expect(problemOf(error)).toMatchObject({ status: 503, code: "newer-version-needed" });
      // Nor is a refusal.
      await expect(command(old, id, { type: "Count", by: 1, limit: 1 })).rejects.toThrow("version 2 is newer");
    }
    await count(writes, kept, 1);
    expect((await writes.commands.load(writes.aggregate("counter") ?? counter, kept)).state).toBe(18);
  });

  test("is not made on a stream with a fact that only newer code knows", async () => {
    const prefix = uniquePrefix();
    const old = await start("old", prefix);
    const writes = await start("writes", prefix);
    const id = newId();
    await count(old, id, 5);
    await command(writes, id, { type: "Seal" });
    const error: unknown = await command(old, id, { type: "Count", by: 1 }).catch((thrown) => thrown);
    expect(problemOf(error)).toMatchObject({ status: 503, code: "newer-version-needed" });
    // Its read models take no notice of such facts, as they never did of what they do not listen to.
    const position = await count(old, newId(), 1);
    expect(await read(old, "same", id, position)).toMatchObject({ count: 5 });
  });
});
