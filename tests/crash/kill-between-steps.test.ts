/**
 * A worker that is killed between any two of its steps: at every message to or from a store in turn, which is then lost.
 * The next goes on from there; at the end all orders, stock, money and read models are exactly right.
 *
 * By itself it picks three messages (`MILLRACE_CRASH_SEED` picks the same again), as many as `MILLRACE_KILL_STEPS` says
 * when it is set; `all` takes one after the other, until a worker does all its work without being killed.
 */
import { eventually } from "../support/eventually";
import { ShopApart, type Piece, type WorkerApart } from "./support/apart";
import { Chance, seedOfRun } from "./support/chance";

const STEPS = process.env["MILLRACE_KILL_STEPS"] ?? "3";
const ALL = STEPS === "all";
const SEED = seedOfRun();
const PICKED = ALL ? 0 : Number(STEPS);

jest.setTimeout(ALL ? 3_600_000 : 120_000 + PICKED * 20_000);

let shop: ShopApart;
let worker: WorkerApart;
let failed = true;
beforeAll(async () => {
  shop = await ShopApart.open();
  worker = await shop.worker("worker");
});
afterAll(() => shop.close({ keep: failed }));

interface Run {
  /** Messages from the worker's asking for its first lease on. */
  readonly messages: number;
  /** The one at which it was killed. */
  readonly killedAt: string | undefined;
}

/** A worker does what there is to do, and ends; at its k-th message it is killed. */
async function run(k: number): Promise<Run> {
  let messages = 0;
  let killedAt: string | undefined;
  let beginning = true;
  let ended: () => void = () => undefined;
  const killed = new Promise<void>((resolve) => (ended = resolve));
  worker.inspect((piece) => {
    if (killedAt !== undefined) return false;
    beginning &&= !piece.bytes.includes("leases");
    if (beginning || ++messages < k) return true;
    worker.signal("SIGKILL");
    killedAt = nameOf(piece);
    ended();
    return false;
  });
  const done = worker
    .start()
    .then(() => eventually(() => killedAt !== undefined || shop.isDone(), 60_000))
    .then(() => worker.stop());
  // What is killed does not end in good order.
  await Promise.race([killed, done.catch((error: unknown) => (killedAt === undefined ? Promise.reject(error) : undefined))]); // prettier-ignore
  await done.catch(() => undefined);
  await worker.kill();
  return { messages, killedAt };
}

const nameOf = ({ store, from, bytes }: Piece): string =>
  `${from === "worker" ? "to" : "from"} ${store}, ${bytes.length} bytes`;

test(`${ALL ? "every message" : `${PICKED} messages`} of a worker lost with it`, async () => {
  const begun = Date.now();
  const chance = new Chance(SEED);
  let positions = await shop.positions();
  let kills = 0;
  const attempt = async (k: number): Promise<Run & { readonly fresh: boolean }> => {
    const fresh = await shop.isDone();
    if (fresh) {
      await shop.complete(1);
      await shop.trade();
    }
    const outcome = await run(k);
    if (outcome.killedAt !== undefined) kills++;
    const now = await shop.positions();
    for (const [name, position] of positions) expect(now.get(name)).toBeGreaterThanOrEqual(position);
    positions = now;
    return { ...outcome, fresh };
  };
  await shop.trade();
  const { messages } = await run(Infinity);
  let steps = messages;
  if (ALL) {
    for (let k = 1; ; k++) {
      const { fresh, killedAt } = await attempt(k);
      steps = k;
      if (fresh && killedAt === undefined) break;
    }
  } else for (let n = 0; n < PICKED; n++) await attempt(chance.whole(1, messages));
  while (!(await shop.isDone())) await run(Infinity);
  const seconds = Math.round((Date.now() - begun) / 1000);
  const { events } = await shop.log();
  process.stderr.write(`${JSON.stringify({ seed: SEED, seconds, messages, steps, kills, events })}\n`);
  expect({ faults: await shop.faults(), seed: SEED }).toEqual({ faults: [], seed: SEED });
  failed = false;
});
