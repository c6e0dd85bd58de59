/**
 * What a process does that is asked to stop, whatever it is about and whatever does not answer: it ends in good time and
 * by itself, finishes what it has accepted, and gives back its leases, so that others go on at once. Each process has a
 * shop and connections of its own; all but the first stop at the same time. `MILLRACE_STOPS=all` plays the whole table,
 * else only the rows that show most.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { EventStoreDBClient } from "@eventstore/db-client";
import { MongoClient } from "mongodb";
import { eventually } from "../support/eventually";
import { Caller } from "../support/http";
import { TEST_MASTER_KEY } from "../support/master-keys";
import { type Inspector, Proxy } from "../support/proxy";
import { run, type Program } from "../support/program";
import { startStores, uniquePrefix, type TestStores } from "../support/stores";

/** Half a minute after it was asked, a process is killed where Millrace runs in production. */
const STOPS_WITHIN = 25_000;
const STARTS_WITHIN = 90_000;

jest.setTimeout(STARTS_WITHIN + STOPS_WITHIN + 60_000);

/** What is about when the process is asked to stop. */
interface Scene {
  readonly program: Program;
  readonly url: string;
  readonly toEventStore: Proxy;
  readonly toMongo: Proxy;
  /** How many carts the event store has been asked to take. */
  readonly carts: Mentions;
  readonly stores: TestStores;
  /** A client of its own, closed when the row is over, however that came. */
  caller(): Caller;
  /** What else is to be closed then. */
  finally(close: () => Promise<unknown>): void;
}

interface Row {
  readonly what: string;
  /** Played also when not the whole table is. */
  readonly telling?: boolean;
  readonly args: readonly string[];
  /** What it prints when it is ready. */
  readonly ready: RegExp;
  readonly signal?: "SIGTERM" | "SIGINT";
  readonly env?: NodeJS.ProcessEnv;
  /** From the start on. */
  weather?(ways: Pick<Scene, "toEventStore" | "toMongo">): void;
  /** Before it is asked. @returns what must hold once it has ended */
  before?(scene: Scene): Promise<(() => Promise<void>) | undefined>;
  /** After it was asked. */
  after?(scene: Scene): Promise<void>;
  /** 0 unless another is said. */
  readonly code?: number;
  /** No store is away, so that nobody has to wait for a lease to lapse; where it is slow, unless that took too long. */
  readonly givesBack?: "always" | "in time";
}

const START = { args: ["start", "--port", "0", "--no-seed"], ready: /ready at (\S+)/ };
const SERVE = { args: ["serve", "cart", "--port", "0"], ready: /at (http\S+)/ };
const WORK = { args: ["work"], ready: /figures at (\S+)/ };
const GATEWAY = { args: ["gateway", "--port", "0"], ready: /gateway at (\S+)/ };
const EVENT_STORE = { args: ["eventstore", "--port", "0", "--memory"], ready: /event store on (\S+)/ };

const TABLE: readonly Row[] = [
  { ...START, what: "start, in the midst of commands", telling: true, givesBack: "always", before: slowCommands },
  { ...START, what: "start, at rest", givesBack: "always" },
  { ...START, what: "start, the event store away", before: away("toEventStore") },
  { ...START, what: "start, the event store silent", telling: true, before: commandsWithoutAnswer },
  { ...START, what: "start, MongoDB away in the midst of work", before: workWithoutMongo("refuse") },
  { ...START, what: "start, MongoDB silent in the midst of work", before: workWithoutMongo("stall") },
  {
    ...START,
    what: "start, MongoDB silent, and asked twice",
    before: workWithoutMongo("stall"),
    async after({ program }) {
      await pause(1_200); // what comes sooner is the same request
      program.child.kill("SIGTERM");
    },
    code: 130,
  },
  { ...SERVE, what: "serve, at rest, by Ctrl-C", signal: "SIGINT", givesBack: "always" },
  { ...SERVE, what: "serve, MongoDB away", before: away("toMongo") },
  { ...WORK, what: "work, catching up", givesBack: "in time", weather: ({ toMongo }) => toMongo.slow(40) },
  { ...WORK, what: "work, both stores silent", before: silent("toMongo", "toEventStore") },
  { ...GATEWAY, what: "gateway, at rest" },
  { ...GATEWAY, what: "gateway, MongoDB silent", telling: true, before: silent("toMongo") },
  { ...EVENT_STORE, what: "eventstore, with a subscriber", telling: true, before: subscriber },
];
const ROWS = process.env["MILLRACE_STOPS"] === "all" ? TABLE : TABLE.filter(({ telling }) => telling);

interface Outcome {
  readonly code: number;
  readonly took: number;
  readonly err: string;
  readonly leases: number;
  /** It gave up what was under way. */
  readonly gaveUp: boolean;
  readonly broken: readonly unknown[];
}

const folder = mkdtempSync(join(tmpdir(), "millrace-stopping-"));
let stores: TestStores;
const outcomes = new Map<string, Outcome | { readonly failed: unknown }>();

beforeAll(async () => {
  stores = await startStores();
  // The first one makes what all need, so that the others find it.
  const [first, ...others] = ROWS;
  if (first) await play(first);
  await Promise.all(others.map(play));
});
afterAll(async () => {
  await stores.stop();
  rmSync(folder, { recursive: true, force: true });
});

test.each(ROWS)("$what", ({ what, code = 0, givesBack }) => {
  const outcome = outcomes.get(what);
  if (!outcome || "failed" in outcome) throw outcome?.failed ?? new Error("it was not played");
  const { broken, took, err } = outcome;
  if (broken.length > 0) throw broken[0];
  expect({ code: outcome.code, inTime: took < STOPS_WITHIN, err: faultsIn(err) }).toEqual({
    code,
    inTime: true,
    err: [],
  });
  if (givesBack === "always" || (givesBack && !outcome.gaveUp)) expect(outcome.leases).toBe(0);
});

async function play(row: Row): Promise<void> {
  outcomes.set(row.what, await outcomeOf(row).catch((failed: unknown) => ({ failed })));
}

async function outcomeOf(row: Row): Promise<Outcome> {
  const prefix = uniquePrefix();
  const carts = new Mentions("CartOpened");
  const [toEventStore, toMongo] = await Promise.all([
    Proxy.to(stores.eventstoreUrl, { inspect: () => carts.inspector() }),
    Proxy.to(stores.mongoUrl),
  ]);
  const closes: (() => Promise<unknown>)[] = [];
  row.weather?.({ toEventStore, toMongo });
  const program = run(row.args, {
    EVENTSTORE_URL: toEventStore.through(stores.eventstoreUrl),
    MONGODB_URL: toMongo.through(stores.mongoUrl),
    MONGODB_PREFIX: prefix,
    DATA_DIR: join(folder, prefix),
    MASTER_KEY: TEST_MASTER_KEY,
    LOG_LEVEL: "warn",
    ...row.env,
  });
  try {
    const url = await eventually(() => {
      if (program.child.exitCode !== null) throw new Error(`it has ended: ${program.err()}`);
      return row.ready.exec(program.out())?.[1];
    }, STARTS_WITHIN);
    const scene: Scene = {
      toEventStore,
      toMongo,
      carts,
      stores,
      program,
      url,
      caller() {
        const caller = new Caller(url);
        closes.push(() => caller.close());
        return caller;
      },
      finally: (close) => void closes.push(close),
    };
    const check = await row.before?.(scene);
    const asked = Date.now();
    program.child.kill(row.signal ?? "SIGTERM");
    await row.after?.(scene);
    const code = await program.ended;
    const took = Date.now() - asked;
    const broken: unknown[] = [];
    await check?.().catch((error: unknown) => broken.push(error));
    const leases = await leasesHeld(prefix, program.child.pid);
    process.stderr.write(`${row.what}: ${took} ms\n`);
    const gaveUp = program.err().includes("stopped before all was finished");
    return { code, took, err: program.err(), leases, gaveUp, broken };
  } finally {
    program.child.kill("SIGKILL");
    await program.ended;
    await Promise.allSettled(closes.map((close) => close()));
    await Promise.all([toEventStore.close(), toMongo.close()]);
  }
}

/** What should not be said by a process that stops: that it did not end, or that something broke. */
const faultsIn = (err: string): readonly string[] =>
  err
    .split("\n")
    .filter((line) => !line.startsWith('{"level":"warn"'))
    .filter((line) => /not all has ended|unhandled|TypeError|ReferenceError/i.test(line));

async function leasesHeld(prefix: string, pid: number | undefined): Promise<number> {
  const client = await MongoClient.connect(stores.mongoUrl);
  try {
    const { databases } = await client.db().admin().listDatabases({ nameOnly: true });
    const own = databases.filter(({ name }) => name.startsWith(`${prefix}_`));
    const counts = own.map(({ name }) =>
      client
        .db(name)
        .collection("leases")
        .countDocuments({ pid, $expr: { $gt: ["$expiresAt", "$$NOW"] } }),
    );
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  } finally {
    await client.close();
  }
}

const openCart = (caller: Caller) => caller.post("/store/v1/carts", { currency: "GBP", country: "GB" });

/** Commands that take a while, since the event store answers slowly: each that was accepted is answered, and in the log. */
async function slowCommands({ caller: client, toEventStore, carts }: Scene): Promise<() => Promise<void>> {
  const caller = client();
  expect((await openCart(caller)).status).toBe(201);
  toEventStore.slow(250);
  const asked = Array.from({ length: 20 }, () => openCart(caller));
  // What the event store has only just been told it cannot have answered yet.
  await eventually(() => carts.count >= 1 + asked.length);
  return async () => {
    const answers = await Promise.all(asked);
    expect(answers.map(({ status }) => status)).toEqual(asked.map(() => 201));
    const client = EventStoreDBClient.connectionString(stores.eventstoreUrl);
    try {
      for (const { body } of answers) {
        const { id } = body as { id: string };
        let events = 0;
        for await (const _ of client.readStream(`cart-${id}`)) events++;
        expect(events).toBeGreaterThan(0);
      }
    } finally {
      await client.dispose();
    }
  };
}

/** How often clients send a word. */
class Mentions {
  count = 0;

  constructor(private readonly word: string) {}

  inspector(): Inspector {
    let rest = "";
    const fromClient = (chunk: Buffer) => {
      const parts = (rest + chunk.toString("latin1")).split(this.word);
      this.count += parts.length - 1;
      rest = (parts.at(-1) ?? "").slice(1 - this.word.length);
      return true;
    };
    return { fromClient, fromServer: () => true };
  }
}

/** Commands that nobody answers any more. */
async function commandsWithoutAnswer({ caller: client, toEventStore }: Scene): Promise<() => Promise<void>> {
  const caller = client();
  toEventStore.stall(true);
  const asked = Array.from({ length: 5 }, () => openCart(caller).catch(() => undefined));
  await pause(150);
  return async () => {
    for (const answer of await Promise.all(asked)) if (answer) expect([201, 503, 504]).toContain(answer.status);
  };
}

type Way = "toEventStore" | "toMongo";

function away(...ways: readonly Way[]): NonNullable<Row["before"]> {
  return async (scene) => {
    for (const way of ways) scene[way].refuse(true);
    return undefined;
  };
}

function silent(...ways: readonly Way[]): NonNullable<Row["before"]> {
  return async (scene) => {
    for (const way of ways) scene[way].stall(true);
    return undefined;
  };
}

/** Read models have something to write, and cannot. */
function workWithoutMongo(how: "refuse" | "stall"): NonNullable<Row["before"]> {
  return async ({ caller: client, toMongo }) => {
    const caller = client();
    if (how === "refuse") toMongo.refuse(true);
    else toMongo.stall(true);
    const asked = Array.from({ length: 10 }, () => openCart(caller).catch(() => undefined));
    await Promise.race([Promise.all(asked), pause(500)]);
    return undefined;
  };
}

/** Somebody follows the log to its end and stays. */
async function subscriber({ url, finally: later }: Scene): Promise<() => Promise<void>> {
  const client = EventStoreDBClient.connectionString(
    `esdb://${url.replace(/^\w+:\/\//, "").replace(/\?.*/, "")}?tls=false`,
  );
  later(() => client.dispose());
  const subscription = client.subscribeToAll();
  const ended = new Promise<void>((resolve) => {
    subscription.on("error", () => resolve());
    subscription.on("end", () => resolve());
  });
  await new Promise<void>((resolve) => subscription.once("confirmation", () => resolve()));
  return () => ended;
}
