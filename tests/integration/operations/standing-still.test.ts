import { type Listening } from "../../../src/api/http";
import { type Projection, type Recorded, streamId } from "../../../src/domains/kernel";
import { auditedOf } from "../../../src/engine/audited";
import { type Context } from "../../../src/engine/context";
import { Engine } from "../../../src/engine/engine";
import { verify } from "../../../src/infra/audit";
import { newId, partitionOf } from "../../../src/infra/runtime";
import { counter, counterEvents, type CounterDocument, type CounterEvent, countFeed } from "../../support/counter";
import { eventually } from "../../support/eventually";
import { Caller } from "../../support/http";
import { serveOperations } from "../../support/served-operations";
import { startStores, uniquePrefix, type TestStores } from "../../support/stores";

/** Counts for each counter and for the shelf that it stands on; no shelf takes a thirteen. */
const superstitious: Projection<CounterDocument, CounterEvent> = {
  name: "shelves",
  context: "counting",
  version: 1,
  independent: true,
  events: ["Counted"],
  ids: (event: Recorded<CounterEvent>) => [streamId(event.stream), streamId(event.stream).split(":")[0] ?? ""],
  apply(document, event, id) {
    if (event.type !== "Counted") return document;
    if (event.data.by === 13 && !id.includes(":")) throw new Error("not a thirteen");
    return { _id: id, count: (document?.count ?? 0) + event.data.by, events: (document?.events ?? 0) + 1 };
  },
};
/** Takes no fourteen. */
const choosy = {
  ...countFeed,
  rows(event: Recorded<CounterEvent>) {
    if (event.type === "Counted" && event.data.by === 14) throw new Error("not a fourteen");
    return countFeed.rows(event);
  },
};
const counting: Context = {
  name: "counting",
  events: counterEvents,
  aggregates: [counter],
  projections: [superstitious],
  feeds: [choosy],
  processes: [],
  reactions: () => [],
};

let stores: TestStores;
let worker: Engine;
/** Serves operations, and works on nothing. */
let desk: Engine;
let server: Listening;
let caller: Caller;
const mongoPrefix = uniquePrefix();
const shelf = newId().slice(0, 8);
/** A counter that another partition has than the shelf. */
const other = [3, 6, 7, 8, 9, 10, 11].find((n) => partitionOf(`${shelf}:${n}`, 3) !== partitionOf(shelf, 3)) ?? 3;

async function start(work: "all" | readonly string[]): Promise<Engine> {
  const { eventstoreUrl, mongoUrl } = stores;
  const partitions = new Map([["shelves", 3]]);
  const options = { contexts: [counting], eventstoreUrl, mongoUrl, mongoPrefix, writeConcern: 1, work, partitions } as const; // prettier-ignore
  return Engine.start({ ...options, report: () => undefined });
}
beforeAll(async () => {
  stores = await startStores();
  worker = await start("all");
  desk = await start([]);
  server = await serveOperations(desk);
  caller = new Caller(server.url);
});
afterAll(async () => {
  await caller.close();
  await server.close();
  await Promise.all([worker.stop(), desk.stop()]);
  await stores.stop();
});

async function count(n: number, by: number): Promise<bigint> {
  const commandId = newId();
  const context = { commandId, correlationId: commandId, actor: "test" };
  const outcome = await desk.commands.execute(counter, `${shelf}:${n}`, { type: "Count", by }, context);
  if (!outcome.accepted) throw new Error(outcome.error.message);
  return outcome.position;
}
const projection = async (name: string) => (await caller.get(`/operations/v1/projections/${name}`)).body;
const shelves = (engine: Engine) => engine.models.get<CounterDocument>("counting", "shelves");
const failed = (name: string) =>
  eventually(async () => {
    const seen = await projection(name);
    return seen.state === "failed" && seen;
  });
const verified = async () =>
  (await verify({ ...auditedOf([counting]), log: desk.log, stores: desk.stores })).readModels.map(
    ({ name, status, skipped }) => [name, status, skipped],
  );

test("the whole story is told by any process; only the partition of the document stands still", async () => {
  await count(1, 1);
  const position = await count(2, 13);
  const last = await count(other, 1);
  const { partitions, error } = await failed("shelves");
  expect(error).toMatchObject({
    stream: `counter-${shelf}:2`,
    revision: 0,
    type: "Counted",
    position: position.toString(),
    document: shelf,
    cause: "not a thirteen",
    attempts: 1,
    stack: expect.stringContaining("standing-still.test"),
  });
  expect(Date.parse(error.since)).toBeLessThanOrEqual(Date.now() + 1_000);
  expect(partitions.filter(({ state }: { state: string }) => state === "failed")).toHaveLength(1);
  for (const { owner } of partitions) expect(owner).toMatchObject({ pid: process.pid });
  const feed = worker.models.get("counting", "counts");
  expect(await feed.waitFor(last, 10_000)).toBe(true);
  await eventually(() => shelves(worker).get(`${shelf}:${other}`));
});

test("a retry that is asked for elsewhere is made, and counted when it fails again", async () => {
  expect((await caller.post("/operations/v1/projections/shelves/retry")).status).toBe(202);
  await eventually(async () => (await projection("shelves")).error?.attempts === 2);
});

test("another event than the one at which it stands cannot be skipped", async () => {
  const other = { event: newId(), reason: "it is wrong" };
  const answer = await caller.post("/operations/v1/projections/shelves/skip", other);
  expect([answer.status, answer.body.code]).toEqual([409, "stands-elsewhere"]);
  expect((await projection("shelves")).state).toBe("failed");
});

test("what is skipped is left out for the document that could not take it, then, in a rebuild, and by verify", async () => {
  const { error } = await projection("shelves");
  const body = { event: error.event, position: error.position, reason: "agreed with the shelf" };
  expect((await caller.post("/operations/v1/projections/shelves/skip", body)).status).toBe(202);
  const position = await count(4, 1);
  expect(await shelves(desk).waitFor(position, 20_000)).toBe(true);
  const expected = [
    { _id: shelf, count: 3, events: 3 },
    { _id: `${shelf}:2`, count: 13, events: 1 },
  ];
  for (const document of expected) expect(await shelves(desk).get(document._id)).toEqual(document);
  expect(await projection("shelves")).toMatchObject({ error: null });
  expect((await caller.get("/operations/v1/projections/shelves/skipped")).body.items).toMatchObject([
    { event: error.event, document: shelf, cause: "not a thirteen", reason: body.reason, type: "Counted" },
  ]);
  const { target } = await projection("shelves");
  expect((await caller.post("/operations/v1/projections/shelves/rebuild")).status).toBe(202);
  await eventually(async () => (await projection("shelves")).target !== target);
  for (const document of expected) expect(await shelves(desk).get(document._id)).toEqual(document);
  expect(await verified()).toEqual([
    ["counting.shelves", "same", 1],
    ["counting.counts", "same", 0],
  ]);
});

test("an event that a feed cannot take is skipped altogether, and gives no rows in a rebuild either", async () => {
  await count(5, 14);
  const position = await count(5, 1);
  const { error } = await failed("counts");
  expect(error.document).toBeNull();
  const skip = await caller.post("/operations/v1/projections/counts/skip", { event: error.event, reason: "not ours" });
  expect(skip.status).toBe(202);
  const feed = desk.models.get("counting", "counts");
  expect(await feed.waitFor(position, 20_000)).toBe(true);
  const { target } = await projection("counts");
  expect((await caller.post("/operations/v1/projections/counts/rebuild")).status).toBe(202);
  await eventually(async () => (await projection("counts")).target !== target);
  expect(await feed.collection.countDocuments({ counter: `${shelf}:5` } as never)).toBe(1);
  expect(await verified()).toContainEqual(["counting.counts", "same", 1]);
});
