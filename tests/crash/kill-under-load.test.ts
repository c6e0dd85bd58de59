/**
 * kill -9 at random moments while shoppers shop: nothing that was acknowledged is lost, nothing is done twice, and read
 * models equal a rebuild from scratch. `MILLRACE_CRASH_ROUNDS` sets how often each kind of process is killed (default
 * 4), `MILLRACE_CRASH_SEED` repeats the choices of a run.
 */
import { Chance, seedOfRun } from "./support/chance";
import { shopWithGivenStores, shopWithOwnStores, type CrashShop } from "./support/shops";
import { trial } from "./support/trial";

const KILLS = Number(process.env["MILLRACE_CRASH_ROUNDS"] ?? 3);
const SEED = seedOfRun();

jest.setTimeout(120_000 + KILLS * 20_000);

const KINDS: readonly (readonly [string, () => Promise<CrashShop>])[] = [
  ["the engine", () => shopWithGivenStores("engine")],
  ["its workers, in processes of their own", () => shopWithGivenStores("worker")],
  ["the event store", () => shopWithGivenStores("event store")],
  ["mongod", () => shopWithGivenStores("mongod")],
  ["an engine with stores of its own, or one of those", shopWithOwnStores],
];

test.each(KINDS)(`${KILLS} kills of %s`, async (_, open) => {
  const begun = Date.now();
  const shop = await open();
  let keep = true;
  try {
    const { faults, surprises, kills, ...figures } = await trial(shop, KILLS, new Chance(SEED));
    const starting = kills.filter(({ whileStarting }) => whileStarting).length;
    const back = Math.max(...kills.map((kill) => kill.back ?? 0));
    const seconds = Math.round((Date.now() - begun) / 1000);
    process.stderr.write(
      `${JSON.stringify({ seed: SEED, seconds, kills: kills.length, starting, back, ...figures })}\n`,
    );
    expect({ faults, surprises, seed: SEED }).toEqual({ faults: [], surprises: [], seed: SEED });
    expect(kills.length).toBe(KILLS);
    keep = false;
  } finally {
    if (keep) process.stderr.write(`the logs and data are kept in ${shop.folder}\n`);
    // What went wrong before matters more than how the end went.
    const ended = shop.stop({ keep });
    await (keep ? ended.catch(() => undefined) : ended);
  }
});
