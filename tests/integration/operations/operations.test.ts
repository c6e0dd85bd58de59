import { type Listening } from "../../../src/api/http";
import { type Context } from "../../../src/engine/context";
import { Engine } from "../../../src/engine/engine";
import { newId } from "../../../src/infra/runtime";
import { counter, type CounterCommand, counterEvents, counters, countFeed, poison, poisonable } from "../../support/counter"; // prettier-ignore
import { eventually } from "../../support/eventually";
import { Caller } from "../../support/http";
import { serveOperations } from "../../support/served-operations";
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
let server: Listening;
let caller: Caller;

beforeAll(async () => {
  stores = await startStores();
  const writer = await start([]);
  for (let n = 0; n < 200; n++) await execute(writer, { type: "Count", by: 1 });
  await writer.stop();
  engine = await start("all");
  server = await serveOperations(engine);
  caller = new Caller(server.url);
});
afterAll(async () => {
  poison.active = true;
  await caller.close();
  await server.close();
  await engine.stop();
  await stores.stop();
});

const mongoPrefix = uniquePrefix();
const start = (work: "all" | readonly string[]) =>
  Engine.start({
    contexts: [counting],
    eventstoreUrl: stores.eventstoreUrl,
    mongoUrl: stores.mongoUrl,
    mongoPrefix,
    writeConcern: 1,
    work,
    report: () => undefined,
  });

async function execute({ commands }: Engine, command: CounterCommand, id = newId()): Promise<string> {
  const commandId = newId();
  const outcome = await commands.execute(counter, id, command, { commandId, correlationId: commandId, actor: "test" });
  if (!outcome.accepted) throw new Error(outcome.error.message);
  return id;
}
const projection = async (name: string) => (await caller.get(`/operations/v1/projections/${name}`)).body;

test("ready once every read model is level; then each is live, at the log's end, with nothing left to do", async () => {
  await eventually(async () => (await caller.get("/health/ready")).status === 200);
  const { body } = await caller.get("/operations/v1/projections");
  expect(body.items.map(({ name, kind }: { name: string; kind: string }) => [name, kind])).toEqual([
    ["counters", "projection"],
    ["poisonable", "projection"],
    ["counts", "feed"],
  ]);
  for (const item of body.items)
    expect(item).toMatchObject({
      state: "live",
      version: 1,
      lag: { events: 0, seconds: 0 },
      error: null,
      rebuild: null,
    });
  expect(BigInt(body.items[0].checkpoint)).toBeGreaterThan(0n);
});

test("an event that cannot be handled is named; what comes after it is counted until a retry goes on", async () => {
  const id = await execute(engine, { type: "Break" });
  await eventually(async () => (await projection("poisonable")).state === "failed");
  for (let n = 0; n < 3; n++) await execute(engine, { type: "Count", by: 1 });
  const stopped = await eventually(async () => {
    const seen = await projection("poisonable");
    return seen.lag.events === 4 ? seen : undefined;
  });
  expect(stopped).toMatchObject({
    error: { stream: `counter-${id}`, revision: 0, type: "CounterBroken", cause: "cannot be folded" },
  });
  expect(stopped.lag.seconds).toBeGreaterThan(0);
  expect((await caller.get("/health/ready")).status).toBe(200);
  poison.active = false;
  expect((await caller.post("/operations/v1/projections/poisonable/retry")).status).toBe(202);
  await eventually(async () => {
    const { state, lag, error } = await projection("poisonable");
    return state === "live" && lag.events === 0 && error === null;
  });
  expect((await caller.post("/operations/v1/projections/poisonable/retry")).status).toBe(409);
});

test("a rebuild is shown while it goes on, refuses a second one, and takes over", async () => {
  const before = await projection("counters");
  const [first, second] = await Promise.all([
    caller.post("/operations/v1/projections/counters/rebuild"),
    caller.post("/operations/v1/projections/counting.counters/rebuild"),
  ]);
  expect([first.status, second.status].toSorted()).toEqual([202, 409]);
  const after = await eventually(async () => {
    const seen = await projection("counters");
    return seen.rebuild === null && seen.target !== before.target ? seen : undefined;
  });
  expect(after).toMatchObject({ target: "counters_v1_1", state: "live", lag: { events: 0 } });
});

test("figures tell what has been done", async () => {
  const { body } = await caller.get("/metrics");
  expect(body).toMatch(/^millrace_commands_total 4$/m);
  expect(body).toMatch(/^millrace_append_batches_total\{commands="1"\} 4$/m);
  expect(body).toMatch(/^millrace_log_connected 1$/m);
  expect(body).toMatch(/^millrace_projection_state\{context="counting",name="counts",kind="feed",state="live"\} 1$/m);
});

test("a process that only serves shows what others work on, as far as it can be read there", async () => {
  const reader = await start([]);
  const serving = await serveOperations(reader);
  const other = new Caller(serving.url);
  await eventually(async () => (await other.get("/health/ready")).status === 200);
  const items = await eventually(async () => {
    const { body } = await other.get("/operations/v1/projections");
    return body.items.every(({ checkpoint }: { checkpoint: string }) => BigInt(checkpoint) > 0n) && body.items;
  });
  expect(items.map(({ name, state }: { name: string; state: string }) => [name, state])).toEqual([
    ["counters", "waiting"],
    ["poisonable", "waiting"],
    ["counts", "waiting"],
  ]);
  await other.close();
  await serving.close();
  await reader.stop();
});
