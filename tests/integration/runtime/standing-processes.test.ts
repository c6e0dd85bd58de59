import { z } from "zod";
import { type Listening } from "../../../src/api/http";
import { type ProcessManager, defineEvents, type EventsOf, streamId } from "../../../src/domains/kernel";
import { type Context } from "../../../src/engine/context";
import { Engine } from "../../../src/engine/engine";
import { paymentProviders, ProviderUnavailable } from "../../../src/infra/payments";
import { holderOf } from "../../../src/infra/payments/providers";
import { newId, type Reaction } from "../../../src/infra/runtime";
import { counter, counterEvents, type CounterEvent } from "../../support/counter";
import { eventually } from "../../support/eventually";
import { Caller } from "../../support/http";
import { serveOperations } from "../../support/served-operations";
import { startStores, uniquePrefix, type TestStores } from "../../support/stores";

/*
 * Each way in which a process, or a reaction's work on a stream, can stand still: it is listed with its cause, the others
 * go on, and an operator can have it tried again or give it up.
 */

type Way =
  | "hears what it cannot handle"
  | "cannot be brought up to date"
  | "cannot tell what it wants"
  | "wants a command that nobody takes"
  | "wants a command that cannot be carried out"
  | "is refused and wants it all the same"
  | "does not understand an answer"
  | "waits for no moment"
  | "fails when it is woken"
  | "is woken and goes on waiting"
  | "cannot tell whom it concerns"
  | "reacts to what it cannot handle"
  | "has a provider that is gone"
  | "is turned away by its provider";

/** What is the matter with which counters. */
const broken = new Map<string, Way>();
const is = (id: string, way: Way): boolean => broken.get(id) === way;
const fail = (id: string, way: Way, message: string): void => {
  if (is(id, way)) throw new Error(message);
};
/** Counters whose clerk answers when woken only; to be woken at once, or in an hour. */
const timed = new Map<string, "now" | "later">();
const LONG_AGO = new Date(0).toISOString();
const LATER = new Date(Date.now() + 3_600_000).toISOString();

const clerkEvents = defineEvents("clerk", {
  ClerkAsked: { version: 1, schema: z.strictObject({ id: z.string() }) },
  ClerkWoken: { version: 1, schema: z.strictObject({}) },
  ClerkDone: { version: 1, schema: z.strictObject({}) },
});
type ClerkEvent = EventsOf<typeof clerkEvents>;
interface Clerk {
  readonly id: string;
  readonly state: "idle" | "waiting" | "answering" | "done";
}

/** Answers a count with another one. */
const clerk: ProcessManager<Clerk, ClerkEvent, CounterEvent> = {
  name: "clerk",
  category: "clerk",
  context: "counting",
  events: ["Counted"],
  initialState: { id: "", state: "idle" },
  processId({ stream }) {
    const id = streamId(stream);
    fail(id, "cannot tell whom it concerns", "whom may it concern");
    return id.startsWith("answer-") ? undefined : id;
  },
  react({ stream }, { state }) {
    const id = streamId(stream);
    fail(id, "hears what it cannot handle", "never heard of that");
    return state === "idle" ? [{ type: "ClerkAsked", data: { id } }] : [];
  },
  evolve(known, event) {
    switch (event.type) {
      case "ClerkAsked": {
        const { id } = event.data;
        fail(id, "cannot be brought up to date", "lost the thread");
        return { id, state: timed.has(id) ? "waiting" : "answering" };
      }
      case "ClerkWoken":
        return { ...known, state: "answering" };
      case "ClerkDone":
        return { ...known, state: "done" };
    }
  },
  wants({ id, state }) {
    if (state !== "answering") return [];
    fail(id, "cannot tell what it wants", "has no idea");
    const type = is(id, "wants a command that cannot be carried out") ? "Juggle" : "Count";
    const limit = is(id, "is refused and wants it all the same") ? { limit: 0 } : {};
    const category = is(id, "wants a command that nobody takes") ? "nowhere" : "counter";
    return [{ key: "answer", category, id: `answer-${id}`, command: { type, by: 1, ...limit } }];
  },
  answered(_, { accepted }, _at, { id }) {
    fail(id, "does not understand an answer", "beg your pardon");
    return accepted ? [{ type: "ClerkDone", data: {} }] : [];
  },
  deadline({ id, state }) {
    if (state !== "waiting") return undefined;
    const at = timed.get(id) === "later" ? LATER : LONG_AGO;
    return { name: "the bell", at: is(id, "waits for no moment") ? "soon" : at };
  },
  expired(_, _at, { id }) {
    fail(id, "fails when it is woken", "sleeps on");
    return is(id, "is woken and goes on waiting") ? [] : [{ type: "ClerkWoken", data: {} }];
  },
};

const rung: string[] = [];
/** Rings a bell at each count. */
const bell: Reaction = {
  name: "bell",
  context: "counting",
  events: ["Counted"],
  async react({ stream }) {
    const id = streamId(stream);
    fail(id, "reacts to what it cannot handle", "no such bell");
    if (is(id, "has a provider that is gone")) holderOf(paymentProviders([]), "gone:42");
    if (is(id, "is turned away by its provider")) throw new ProviderUnavailable("bank", new Error("not this one"));
    rung.push(id);
    return Promise.resolve();
  },
};

const counting: Context = {
  name: "counting",
  events: { ...counterEvents, ...clerkEvents },
  aggregates: [counter],
  projections: [],
  feeds: [],
  processes: [clerk],
  reactions: () => [bell],
};
/** Newer code counts in something that the code of this process does not know. */
const newer: Context = {
  ...counting,
  events: {
    ...clerkEvents,
    ...counterEvents,
    Counted: {
      ...counterEvents.Counted,
      version: 2,
      schema: z.strictObject({ by: z.int(), unit: z.string().default("piece") }),
      upcasters: { 1: (data: object) => ({ ...data, unit: "piece" }) },
    },
  },
  processes: [],
  reactions: () => [],
};

let stores: TestStores;
let engine: Engine;
let server: Listening;
let caller: Caller;
const mongoPrefix = uniquePrefix();

const start = (context: Context, work: "all" | readonly string[]) =>
  Engine.start({
    contexts: [context],
    eventstoreUrl: stores.eventstoreUrl,
    mongoUrl: stores.mongoUrl,
    mongoPrefix,
    writeConcern: 1,
    work,
    report: () => undefined,
  });

beforeAll(async () => {
  stores = await startStores();
  engine = await start(counting, "all");
  server = await serveOperations(engine);
  caller = new Caller(server.url);
});
afterAll(async () => {
  await caller.close();
  await server.close();
  await engine.stop();
  await stores.stop();
});

afterEach(() => broken.clear());

async function count(id: string, by: Engine = engine): Promise<void> {
  const commandId = newId();
  const outcome = await by.commands.execute(counter, id, { type: "Count", by: 1 }, { commandId, correlationId: commandId, actor: "test" }); // prettier-ignore
  if (!outcome.accepted) throw new Error(outcome.error.message);
}
interface Listed {
  readonly id: string;
  readonly state: string;
  readonly failures: number;
  readonly since: string;
  readonly triedAgainAt: string | null;
}
const listed = async (query = ""): Promise<readonly Listed[]> =>
  (await caller.get(`/operations/v1/processes${query}`)).body.items;
const found = (id: string, query = "") =>
  eventually(async () => (await listed(query)).find((each) => each.id === id), 20_000);
/** Before it is woken it may be overdue. */
const stuck = (id: string) =>
  eventually(async () => (await listed()).find((each) => each.id === id && each.state === "stuck"), 20_000);
const gone = (id: string) => eventually(async () => (await listed()).every((each) => each.id !== id), 20_000);

/** What the work on a counter is called where it is listed, and whether it is done. */
interface Work {
  readonly name: string;
  idOf(counter: string): string;
  isDone(counter: string): Promise<boolean>;
}
const clerks: Work = {
  name: "clerk",
  idOf: (id) => id,
  async isDone(id) {
    for await (const { type } of engine.log.readStream(`clerk-${id}`)) if (type === "ClerkDone") return true;
    return false;
  },
};
const bells: Work = {
  name: "bell",
  idOf: (id) => `counter-${id}`,
  isDone: (id) => Promise.resolve(rung.includes(id)),
};
const untilDone = (work: Work, id: string) => eventually(() => work.isDone(id), 20_000);

interface Case {
  readonly way: Way;
  readonly work: Work;
  readonly cause: { readonly message: unknown; readonly command?: string; readonly event?: typeof event };
  /** It has to be woken. */
  readonly woken?: true;
}
const event = (id: string) => ({ stream: `counter-${id}`, revision: 0, type: "Counted" });
const of = (work: Work, way: Way, message: unknown, more: Omit<Case["cause"], "message"> = {}): Case => ({ way, work, cause: { message, ...more } }); // prettier-ignore
const woken = (...args: Parameters<typeof of>): Case => ({ ...of(...args), woken: true });
const ways: readonly Case[] = [
  of(clerks, "hears what it cannot handle", "never heard of that", { event }),
  of(clerks, "cannot be brought up to date", "lost the thread", { event }),
  of(clerks, "cannot tell what it wants", "has no idea"),
  of(clerks, "wants a command that nobody takes", "no aggregate has streams of category nowhere", { command: "nowhere" }), // prettier-ignore
  of(clerks, "wants a command that cannot be carried out", expect.any(String), { command: "counter" }),
  of(clerks, "is refused and wants it all the same", "it was refused (limit-reached: The counter stands at 0.), and is wanted again", { command: "counter" }), // prettier-ignore
  of(clerks, "does not understand an answer", "beg your pardon", { command: "counter" }),
  woken(clerks, "waits for no moment", "it waits for the bell at soon, which is no moment"),
  woken(clerks, "fails when it is woken", "sleeps on"),
  woken(clerks, "is woken and goes on waiting", `it was woken for the bell at ${LONG_AGO}, and waits for it still`),
  of(bells, "reacts to what it cannot handle", "no such bell", { event }),
  of(bells, "has a provider that is gone", "no payment provider of this shop gave the reference gone:42", { event }),
];

/** What the table says in short. */
function causeFor(id: string, { event: at, command, message }: Case["cause"]) {
  const wanted = { type: expect.any(String) as string, stream: `${command}-answer-${id}` };
  return { message, event: at ? at(id) : null, command: command === undefined ? null : wanted };
}

test.each(ways)(
  "one that $way",
  async ({ way, work, cause, woken: isTimed }) => {
    const [bad, hopeless, good] = [newId(), newId(), newId()];
    for (const id of [bad, hopeless]) {
      broken.set(id, way);
      if (isTimed) timed.set(id, "now");
    }
    for (const id of [bad, hopeless, good]) await count(id);
    for (const id of [bad, hopeless]) {
      const state = await stuck(work.idOf(id));
      expect(state).toMatchObject({
        process: work.name,
        state: "stuck",
        triedAgainAt: null,
        cause: causeFor(id, cause),
      });
    }
    await untilDone(work, good);

    const ask = (what: "retry" | "end", id: string) =>
      caller.post(`/operations/v1/processes/${work.name}/${work.idOf(id)}/${what}`, { reason: "looked into" });
    const before = await stuck(work.idOf(bad));
    expect((await ask("retry", bad)).status).toBe(202);
    // One that went on, and fails at the next thing, is set aside anew.
    await eventually(async () => {
      const { failures, since } = await stuck(work.idOf(bad));
      return failures === 2 || since !== before.since;
    });
    expect(await work.isDone(bad)).toBe(false);
    expect((await ask("end", hopeless)).status).toBe(202);
    broken.clear();
    await eventually(async () => (await ask("retry", bad)).status === 202);
    await untilDone(work, bad);
    await Promise.all([gone(work.idOf(bad)), gone(work.idOf(hopeless))]);
    await count(hopeless);
    expect(await found(work.idOf(hopeless), "?state=ended")).toMatchObject({ state: "ended" });
    expect(await work.isDone(hopeless)).toBe(false);
  },
  90_000,
);

test("one that is turned away by its provider is tried again by itself", async () => {
  const bad = newId();
  broken.set(bad, "is turned away by its provider");
  await count(bad);
  const message = "the payment provider bank is unavailable: not this one";
  const state = await stuck(bells.idOf(bad));
  expect(state).toMatchObject({ process: "bell", state: "stuck", cause: causeFor(bad, { message, event }) });
  expect(Date.parse(state.triedAgainAt ?? "")).not.toBeNaN();
  const later = newId();
  await count(later);
  await untilDone(bells, later);
  broken.clear();
  await untilDone(bells, bad);
  await gone(bells.idOf(bad));
}, 60_000);

test("what keeps all of them from going on is the cause of those that are overdue", async () => {
  const [early, bad] = [newId(), newId()];
  timed.set(early, "later");
  await count(early);
  await found(early, "?state=running");
  broken.set(bad, "cannot tell whom it concerns");
  await count(bad);
  const manager = async () => (await caller.get("/operations/v1/projections/clerk")).body;
  await eventually(async () => (await manager()).state === "failed");
  expect((await manager()).error).toMatchObject({ cause: "whom may it concern", stream: `counter-${bad}` });
  // Its moment passes.
  const timers = engine.stores.collection<{ _id: string; at: Date }>("counting", "timers");
  await timers.updateOne({ _id: `clerk:${early}` }, { $set: { at: new Date(0) } });
  const overdue = { state: "overdue", deadline: { name: "the bell" } };
  expect(await found(early, "?seconds=0")).toMatchObject({
    ...overdue,
    cause: { message: "counting.clerk stands still: whom may it concern", event: event(bad), command: null },
  });
  broken.clear();
  expect((await caller.post("/operations/v1/projections/clerk/retry")).status).toBe(202);
  await untilDone(clerks, bad);
  // Woken, it knows better when it is to be woken.
  expect(await found(early, "?state=running")).toMatchObject({ state: "waiting", deadline: { at: LATER } });

  // Newer code writes what the worker cannot read.
  const newest = await start(newer, []);
  await count(newId(), newest);
  await newest.stop();
  await eventually(async () => (await manager()).state === "outdated");
  await timers.updateOne({ _id: `clerk:${early}` }, { $set: { at: new Date(0) } });
  expect(await found(early, "?seconds=0")).toMatchObject({
    ...overdue,
    cause: { message: expect.stringContaining("no worker has counting.clerk") },
  });
}, 60_000);
