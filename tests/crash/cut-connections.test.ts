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
import { LogFacts } from "./support/log-facts";

const CUTS = Number(process.env["MILLRACE_CUTS"] ?? 100);
const SEED = seedOfRun();
/** How long everything that has begun may take to end once the connections hold, in ms. */
const SETTLES_WITHIN = 60_000;

jest.setTimeout(120_000 + CUTS * 500);

const contexts = [mirroring(300)];
const reports: string[] = [];
let stores: TestStores;
let toEventStore: Proxy;
let toMongo: Proxy;
let engine: Engine;

beforeAll(async () => {
  stores = await startStores();
  [toEventStore, toMongo] = await Promise.all([Proxy.to(stores.eventstoreUrl), Proxy.to(stores.mongoUrl)]);
  engine = await Engine.start({
    contexts,
    eventstoreUrl: toEventStore.through(stores.eventstoreUrl),
    mongoUrl: toMongo.through(stores.mongoUrl),
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
  await work();
  const worked = Date.now();
  await counting.end();
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

test(`${CUTS} times all connections to a store are cut`, async () => {
  const chance = new Chance(SEED);
  let broken = 0;
  const figures = await countWhile(chance, async () => {
    for (let cut = 0; cut < CUTS; cut++) {
      const way = chance.once(0.6) ? toEventStore : toMongo;
      // Clients take their time to come back, and what is not there cannot be cut.
      while (way.open === 0) await pause(5);
      await pause(chance.between(0, 60));
      const how: Cut = chance.pick(["end", "reset", "midway", "midway"]);
      broken += way.cut(how);
    }
  });
  tell(`${CUTS} cuts`, { seed: SEED, broken, ...figures });
});

test("stores that are away, slow or silent for a while", async () => {
  const chance = new Chance(SEED ^ 1);
  const figures = await countWhile(chance, async () => {
    for (const way of [toMongo, toEventStore]) {
      way.refuse(true);
      await pause(chance.between(500, 1_000));
      way.refuse(false);
      await pause(300);
      way.slow(40);
      await pause(chance.between(700, 1_200));
      way.slow(0);
      way.stall(true);
      await pause(chance.between(700, 1_500));
      way.stall(false);
    }
  });
  tell("away, slow, silent", { seed: SEED, ...figures });
});
