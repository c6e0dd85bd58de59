/**
 * What networks and databases do, through a proxy of our own, while commands run: afterwards every read model, feed and
 * process has had each event exactly once, no command was done twice, and none that was acknowledged is lost.
 * `MILLRACE_CUTS` sets how often connections are cut (default 100), `MILLRACE_CRASH_SEED` repeats a run's choices.
 */
import { setTimeout as pause } from "node:timers/promises";
import { Engine } from "../../src/engine/engine";
import { newId } from "../../src/infra/runtime";
import { eventually } from "../support/eventually";
import { mirroring } from "../support/mirror";
import { type Cut, Proxy } from "../support/proxy";
import { startStores, uniquePrefix, type TestStores } from "../support/stores";
import { Chance, seedOfRun } from "./support/chance";
import { Counting, faultsOfCounting, isSettled } from "./support/counting";
import { Figures } from "./support/figures";
import { LogFacts } from "./support/log-facts";

const CUTS = Number(process.env["MILLRACE_CUTS"] ?? 100);
const SEED = seedOfRun();
/** How long everything that has begun may take to end once the connections hold, in ms. */
const SETTLES_WITHIN = 60_000;

/** So often a store falls silent, or refuses connections for a while, and not just a connection is cut. */
const SILENCES = 50;
const REFUSALS = 10;

jest.setTimeout(120_000 + CUTS * 500);

/** What ends without a word is noticed within two seconds here; within fifteen to twenty where the URLs say nothing. */
const SHORT_PATIENCE = {
  eventstore: { keepAliveInterval: 1_000, keepAliveTimeout: 1_000 },
  mongo: {
    serverSelectionTimeoutMS: 1_000,
    socketTimeoutMS: 1_500,
    connectTimeoutMS: 1_000,
    heartbeatFrequencyMS: 1_000,
  },
};

const contexts = [mirroring(300)];
const reports: string[] = [];
let stores: TestStores;
let toEventStore: Proxy;
let toMongo: Proxy;
let engine: Engine;

beforeAll(async () => {
  // The client warns of pings that come so often.
  jest.spyOn(console, "warn").mockImplementation(() => undefined);
  stores = await startStores();
  [toEventStore, toMongo] = await Promise.all([Proxy.to(stores.eventstoreUrl), Proxy.to(stores.mongoUrl)]);
  engine = await Engine.start({
    contexts,
    eventstoreUrl: toEventStore.through(stores.eventstoreUrl, SHORT_PATIENCE.eventstore),
    mongoUrl: toMongo.through(stores.mongoUrl, SHORT_PATIENCE.mongo),
    mongoPrefix: uniquePrefix(),
    writeConcern: 1,
    work: "all",
    report: (level, message) => reports.push(`${level}: ${message}`),
  });
});
afterAll(async () => {
  await engine.stop();
  await Promise.all([toEventStore.close(), toMongo.close()]);
  await stores.stop();
});

/** Counts while something is done to the connections, and looks at what has come of it. */
async function countWhile(chance: Chance, work: () => Promise<void>): Promise<object> {
  const begun = Date.now();
  const counting = new Counting(() => engine, Array.from({ length: 12 }, newId));
  counting.begin(4, chance);
  await work().finally(() => counting.end());
  const worked = Date.now();
  let log = await LogFacts.read(stores.eventstoreUrl);
  await eventually(async () => {
    log = await LogFacts.read(stores.eventstoreUrl);
    return isSettled(engine, log);
  }, SETTLES_WITHIN).catch(() => undefined); // the faults say what is missing
  const settled = Date.now();
  const faults = await faultsOfCounting(engine, contexts, log, counting.acknowledged);
  expect({ faults, errors: reports.filter((line) => line.startsWith("error")), seed: SEED }).toEqual({
    faults: [],
    errors: [],
    seed: SEED,
  });
  expect(counting.acknowledged.length).toBeGreaterThan(20);
  const { repeats, acknowledged } = counting;
  return { work: worked - begun, settled: settled - worked, commands: acknowledged.length, repeats };
}

const tell = (what: string, figures: object) => process.stderr.write(`${what}: ${JSON.stringify(figures)}\n`);

test(`${CUTS} times the connections to a store are cut`, async () => {
  const chance = new Chance(SEED);
  let broken = 0;
  const figures = await countWhile(chance, async () => {
    for (let cut = 0; cut < CUTS; cut++) {
      const way = chance.once(0.6) ? toEventStore : toMongo;
      // Clients take their time to come back, and what is not there cannot be cut.
      await eventually(() => way.open > 0, 30_000);
      await pause(chance.between(0, 60));
      if (cut % SILENCES === SILENCES - 1) {
        broken += way.cut("silence");
        await eventually(() => way.sound > 0, 30_000);
      } else if (cut % REFUSALS === REFUSALS - 1) {
        broken += way.open;
        way.refuse(true);
        await pause(chance.between(20, 200));
        way.refuse(false);
      } else if (chance.once(0.1)) {
        way.cutLast("silence");
        broken++;
      } else broken += way.cut(chance.pick<Cut>(["end", "reset", "midway", "midway"]));
    }
  });
  tell(`${CUTS} cuts`, { seed: SEED, broken, ...figures });
});

test("stores that are slow or silent for a while", async () => {
  const chance = new Chance(SEED ^ 1);
  const figures = await countWhile(chance, async () => {
    for (const way of [toMongo, toEventStore]) {
      way.slow(40);
      await pause(chance.between(300, 600));
      way.slow(5, 40_000);
      await pause(chance.between(300, 600));
      way.slow(0);
      way.stall(true);
      await pause(chance.between(300, 800));
      way.stall(false);
    }
  });
  tell("slow, silent", { seed: SEED, ...figures });
});

test("the figures tell what is the case while a store is away", async () => {
  const figures = new Figures(engine);
  const tells = (expected: object) =>
    eventually(async () => {
      expect(await figures.tell("counters", "counts", "mirror")).toMatchObject(expected);
      return true;
    }, SETTLES_WITHIN);
  const all = (state: string) => ({ counters: state, counts: state, mirror: state });
  await tells({ connected: 1, states: all("live"), lags: { counters: 0, counts: 0, mirror: 0 } });
  const { retries } = await figures.tell();

  toMongo.refuse(true);
  const id = newId();
  const counting = new Counting(() => engine, [id]);
  for (let step = 0; step < 5; step++) await counting.count(id, 1);
  // The mirror may have counted before it wanted to write how far it is.
  await tells({ connected: 1, states: all("reconnecting") });
  expect((await figures.tell("counts")).lags.counts).toBeGreaterThanOrEqual(5);
  toMongo.refuse(false);
  await tells({ connected: 1, states: all("live"), lags: { counters: 0, counts: 0, mirror: 0 } });
  expect((await figures.tell()).retries).toBeGreaterThan(retries);

  toEventStore.refuse(true);
  await tells({ connected: 0, states: all("reconnecting"), lags: { counters: undefined } });
  toEventStore.refuse(false);
  await tells({ connected: 1, states: all("live"), lags: { counters: 0, counts: 0, mirror: 0 } });
});
