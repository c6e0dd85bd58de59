import { type Listening } from "../../../src/api/http";
import { type ProcessManager, defineEvents, type EventsOf, type Recorded, streamId } from "../../../src/domains/kernel";
import { type Context } from "../../../src/engine/context";
import { Engine } from "../../../src/engine/engine";
import { newId } from "../../../src/infra/runtime";
import { z } from "zod";
import { counter, counterEvents, type CounterEvent } from "../../support/counter";
import { eventually } from "../../support/eventually";
import { Caller } from "../../support/http";
import { serveOperations } from "../../support/served-operations";
import { startStores, uniquePrefix, type TestStores } from "../../support/stores";

/* A process that echoes each count of a counter at another one, a moment later. Some cannot go on. */

const echoEvents = defineEvents("echo", {
  EchoAsked: { version: 1, schema: z.strictObject({ by: z.int() }) },
  EchoDue: { version: 1, schema: z.strictObject({}) },
  EchoDone: { version: 1, schema: z.strictObject({}) },
});
type EchoEvent = EventsOf<typeof echoEvents>;
interface Echo {
  readonly asked: readonly number[];
  readonly done: number;
  readonly due: boolean;
}

/** Counters whose echo fails: when it hears, when it wakes, or in the command that it sends. */
const broken = { hearing: new Set<string>(), waking: new Set<string>(), sending: false };
let delay = 0;

const echo: ProcessManager<Echo, EchoEvent, CounterEvent> = {
  name: "echo",
  category: "echo",
  context: "counting",
  events: ["Counted"],
  initialState: { asked: [], done: 0, due: false },
  processId: ({ stream }) => (streamId(stream).startsWith("echoed-") ? undefined : streamId(stream)),
  react(event, state) {
    if (broken.hearing.has(streamId(event.stream))) throw new Error("cannot hear");
    const isNew = event.type === "Counted" && event.revision >= state.asked.length;
    return isNew ? [{ type: "EchoAsked", data: { by: event.data.by } }] : [];
  },
  evolve(state, event) {
    switch (event.type) {
      case "EchoAsked":
        return { ...state, asked: [...state.asked, event.data.by], due: delay === 0 };
      case "EchoDue":
        return { ...state, due: true };
      case "EchoDone":
        return { ...state, done: state.done + 1 };
    }
  },
  wants({ asked, done, due }) {
    const by = asked[done];
    const id = `echoed-${asked.length}`;
    return due && by !== undefined
      ? [{ key: `echo-${done}`, category: broken.sending ? "nowhere" : "counter", id, command: { type: "Count", by } }]
      : [];
  },
  answered: () => [{ type: "EchoDone", data: {} }],
  deadline: ({ asked, done, due }) =>
    !due && done < asked.length ? { name: "echo", at: new Date(delay).toISOString() } : undefined,
  expired({ name }) {
    if (broken.waking.size > 0) throw new Error(`cannot wake for ${name}`);
    return [{ type: "EchoDue", data: {} }];
  },
};

const counting: Context = {
  name: "counting",
  events: { ...counterEvents, ...echoEvents },
  aggregates: [counter],
  projections: [],
  feeds: [],
  processes: [echo],
  reactions: () => [],
};

let stores: TestStores;
let engine: Engine;
let server: Listening;
let caller: Caller;
const mongoPrefix = uniquePrefix();

const start = () =>
  Engine.start({
    contexts: [counting],
    eventstoreUrl: stores.eventstoreUrl,
    mongoUrl: stores.mongoUrl,
    mongoPrefix,
    writeConcern: 1,
    work: "all",
    report: () => undefined,
  });

async function open(): Promise<void> {
  engine = await start();
  server = await serveOperations(engine);
  caller = new Caller(server.url);
}
async function close(): Promise<void> {
  await caller.close();
  await server.close();
  await engine.stop();
}

beforeAll(async () => {
  stores = await startStores();
  await open();
});
afterAll(async () => {
  await close();
  await stores.stop();
});
afterEach(() => {
  broken.hearing.clear();
  broken.waking.clear();
  broken.sending = false;
  delay = 0;
});

async function count(id: string, by = 1): Promise<void> {
  const commandId = newId();
  const outcome = await engine.commands.execute(counter, id, { type: "Count", by }, { commandId, correlationId: commandId, actor: "test" }); // prettier-ignore
  if (!outcome.accepted) throw new Error(outcome.error.message);
}
const stuck = async (query = "") => (await caller.get(`/operations/v1/processes${query}`)).body.items;
const ask = (what: "retry" | "end", id: string, body?: object) =>
  caller.post(`/operations/v1/processes/echo/${id}/${what}`, body);

/** What a process has recorded. */
async function recorded(id: string): Promise<string[]> {
  const events: Recorded[] = [];
  for await (const event of engine.log.readStream(`echo-${id}`)) events.push(event);
  return events.map(({ type }) => type);
}
const untilDone = (id: string, times: number) =>
  eventually(async () => (await recorded(id)).filter((type) => type === "EchoDone").length === times);

test("one that fails is set aside with its events, the others go on; a retry brings it all that has waited", async () => {
  const [bad, good] = [newId(), newId()];
  broken.hearing.add(bad);
  await count(bad, 1);
  const [first] = await eventually(async () => ((await stuck()).length === 1 ? stuck() : undefined));
  expect(first).toMatchObject({
    process: "echo",
    context: "counting",
    id: bad,
    stream: `echo-${bad}`,
    state: "stuck",
    failures: 1,
    cause: { message: "cannot hear", event: { stream: `counter-${bad}`, revision: 0, type: "Counted" }, command: null },
    waitingEvents: 1,
    asked: null,
  });
  await count(good);
  await count(bad, 2);
  await count(good);
  await untilDone(good, 2);
  await eventually(async () => (await stuck())[0].waitingEvents === 2);
  expect(engine.workerStates[0]?.state.status).toBe("live");

  // Still broken: it fails again, and nothing is lost.
  expect((await ask("retry", bad)).status).toBe(202);
  await eventually(async () => (await stuck())[0].failures === 2);
  expect((await stuck())[0]).toMatchObject({
    state: "stuck",
    waitingEvents: 2,
    asked: { by: "anonymous", reason: null },
  });

  broken.hearing.clear();
  expect((await ask("retry", bad, { reason: "mended" })).status).toBe(202);
  await untilDone(bad, 2);
  await eventually(async () => (await stuck()).length === 0);
  expect(await recorded(bad)).toEqual(["EchoAsked", "EchoAsked", "EchoDone", "EchoDone"]);
  expect((await ask("retry", bad)).status).toBe(404);
  await count(bad, 3);
  await untilDone(bad, 3);
});

test("it stays aside over a restart, with what comes meanwhile", async () => {
  const bad = newId();
  broken.hearing.add(bad);
  await count(bad);
  await eventually(async () => (await stuck()).length === 1);
  await close();
  await open();
  await count(bad);
  await eventually(async () => (await stuck())[0].waitingEvents === 2);
  broken.hearing.clear();
  expect((await ask("retry", bad)).status).toBe(202);
  await untilDone(bad, 2);
  await eventually(async () => (await stuck()).length === 0);
});

test("a command that cannot be carried out at all is named", async () => {
  const bad = newId();
  broken.sending = true;
  await count(bad);
  const [found] = await eventually(async () => ((await stuck()).length === 1 ? stuck() : undefined));
  expect(found).toMatchObject({
    cause: {
      message: "no aggregate has streams of category nowhere",
      command: { type: "Count", stream: "nowhere-echoed-1" },
    },
  });
  broken.sending = false;
  await ask("retry", bad);
  await untilDone(bad, 1);
  await eventually(async () => (await stuck()).length === 0);
});

test("one that waits for a moment is running; one that fails when woken is set aside, and woken again by a retry", async () => {
  const bad = newId();
  delay = Date.now() + 60_000;
  await count(bad);
  const [waiting] = await eventually(async () => {
    const items = await stuck("?state=running");
    return items.length === 1 ? items : undefined;
  });
  expect(waiting).toMatchObject({ id: bad, state: "waiting", deadline: { name: "echo" } });
  expect(await stuck()).toEqual([]);

  const woken = newId();
  delay = Date.now() + 300;
  broken.waking.add(woken);
  await count(woken);
  await eventually(async () => (await stuck())[0]?.cause?.message === "cannot wake for echo");
  broken.waking.clear();
  await ask("retry", woken);
  await untilDone(woken, 1);
  await eventually(async () => (await stuck()).length === 0);
});

test("one that is given up hears nothing any more, and who did so is kept", async () => {
  const bad = newId();
  broken.hearing.add(bad);
  await count(bad);
  await eventually(async () => (await stuck()).length === 1);
  expect((await ask("end", bad, {})).status).toBe(422);
  expect((await ask("end", bad, { reason: "sold by hand" })).status).toBe(202);
  expect(await ask("end", bad, { reason: "again" })).toMatchObject({
    status: 409,
    body: { code: "process-not-stuck" },
  });
  broken.hearing.clear();
  const other = newId();
  await count(bad);
  await count(other);
  await untilDone(other, 1);
  expect(await recorded(bad)).toEqual([]);
  expect(await stuck()).toEqual([]);
  expect(await stuck("?state=ended")).toMatchObject([{ id: bad, state: "ended", asked: { reason: "sold by hand" } }]);
  expect((await caller.get("/operations/v1/processes?process=nothing")).status).toBe(404);
  expect((await ask("retry", newId())).status).toBe(404);
});
