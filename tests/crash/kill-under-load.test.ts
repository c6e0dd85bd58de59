/**
 * kill -9 at random moments while shoppers shop: nothing that was acknowledged is lost, nothing is done twice, and read
 * models equal a rebuild from scratch. `MILLRACE_CRASH_ROUNDS` sets how often each kind of process is killed (default
 * 3; one of three engines once), `MILLRACE_CRASH_SEED` repeats the choices of a run.
 */
import { Chance, seedOfRun } from "./support/chance";
import { shopWithGivenStores, shopWithOwnStores, type CrashShop } from "./support/shops";
import { trial } from "./support/trial";

const ROUNDS = process.env["MILLRACE_CRASH_ROUNDS"];
const KILLS = Number(ROUNDS ?? 3);
const SEED = seedOfRun();

jest.setTimeout(120_000 + KILLS * 20_000);

const KINDS: readonly (readonly [string, number, () => Promise<CrashShop>])[] = [
  ["the engine", KILLS, () => shopWithGivenStores("engine")],
  [
    "one of three engines, where shoppers go to any and ask again at another",
    Number(ROUNDS ?? 1),
    () => shopWithGivenStores("one of three engines"),
  ],
  ["its workers, in processes of their own", KILLS, () => shopWithGivenStores("worker")],
  ["the event store", KILLS, () => shopWithGivenStores("event store")],
  ["mongod", KILLS, () => shopWithGivenStores("mongod")],
  ["an engine with stores of its own, or one of those", KILLS, shopWithOwnStores],
];

test.each(KINDS)("kills of %s: %i", async (_, wanted, open) => {
  const begun = Date.now();
  const shop = await open();
  let keep = true;
  try {
    const { faults, surprises, kills, ...figures } = await trial(shop, wanted, new Chance(SEED));
    const starting = kills.filter(({ whileStarting }) => whileStarting).length;
    const back = Math.max(...kills.map((kill) => kill.back ?? 0));
    const seconds = Math.round((Date.now() - begun) / 1000);
    process.stderr.write(
      `${JSON.stringify({ seed: SEED, seconds, kills: kills.length, starting, back, ...figures })}\n`,
    );
    expect({ faults, surprises, seed: SEED }).toEqual({ faults: [], surprises: [], seed: SEED });
    expect(kills.length).toBe(wanted);
    keep = false;
  } finally {
    if (keep) process.stderr.write(`the logs and data are kept in ${shop.folder}\n`);
    // What went wrong before matters more than how the end went.
    const ended = shop.stop({ keep });
    await (keep ? ended.catch(() => undefined) : ended);
  }
});
