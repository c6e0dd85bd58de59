/**
 * A worker that is frozen in the midst of its work, replaced by another, and thawed: it overwrites nothing and counts
 * nothing twice. `MILLRACE_FREEZE_SECONDS` is how long it stays frozen (default 0: until it is replaced, and at fewer
 * moments); 60 outlasts every time limit of the stores' clients and servers.
 */
import { setTimeout as pause } from "node:timers/promises";
import { leaseView } from "../../src/infra/mongo";
import { eventually } from "../support/eventually";
import { APART, ShopApart, type Piece, type WorkerApart } from "./support/apart";

const FROZEN = Number(process.env["MILLRACE_FREEZE_SECONDS"] ?? 0) * 1_000;

jest.setTimeout(180_000 + 5 * FROZEN);

let shop: ShopApart;
let failed = true;
beforeAll(async () => {
  shop = await ShopApart.open();
});
afterAll(() => shop.close({ keep: failed }));

/** A moment of its work: at which piece it is frozen, counting from its first; the piece still goes on. */
type Moment = () => (piece: Piece) => boolean;

/** What is to be written has been sent, and the answer comes: the transaction is open. */
const inTransaction: Moment = () => {
  let begun = false;
  return ({ store, from, bytes }) => {
    if (store !== "mongo") return false;
    if (from === "store") return begun;
    begun ||= bytes.includes("startTransaction");
    return false;
  };
};
/** The commit is on its way, and will not be heard of. */
const committing: Moment =
  () =>
  ({ store, from, bytes }) =>
    store === "mongo" && from === "worker" && bytes.includes("commitTransaction");
/** What a process does and has learnt is on its way to the log. */
const appending: Moment =
  () =>
  ({ store, from, bytes }) =>
    store === "eventstore" && from === "worker" && bytes.includes("checkout-");

/** Freezes the first of the workers that comes to the moment; resolves with it. */
function freezing(workers: readonly WorkerApart[], moment: Moment): Promise<WorkerApart> {
  let frozen = false;
  return new Promise((resolve) => {
    for (const worker of workers) {
      const isNow = moment();
      worker.inspect((piece) => {
        if (!frozen && isNow(piece)) {
          frozen = true;
          worker.signal("SIGSTOP");
          resolve(worker);
        }
        return true;
      });
    }
  });
}

/** Each part of the work, and which process has it. */
async function holders(): Promise<readonly (number | undefined)[]> {
  return Promise.all(
    Object.values(APART).map(async ({ context, name }) => {
      const { held } = await leaseView(shop.shop.engine.stores, context);
      return held.find((lease) => lease.name.startsWith(name))?.pid;
    }),
  );
}
const hasAll = (worker: WorkerApart) =>
  eventually(async () => (await holders()).every((pid) => pid === worker.pid), 30_000);
/** It takes part again: it may work, where there is work that nobody has. */
const isBack = (worker: WorkerApart) =>
  eventually(async () => {
    const { stores } = shop.shop.engine;
    const views = await Promise.all(Object.values(APART).map(({ context }) => leaseView(stores, context)));
    return views.every(({ workers }) => workers.some(({ pid }) => pid === worker.pid));
  }, 30_000);
const done = () => eventually(() => shop.isDone(), 60_000);

/** Every position that is written from now on, in order, by consumer. */
function watchPositions() {
  const seen = new Map<string, bigint[]>();
  const streams = Object.values(APART).map(({ context }) => {
    const changes = shop.shop.engine.stores
      .collection<{ _id: string; position: bigint }>(context, "checkpoints")
      .watch([], { fullDocument: "whenAvailable" });
    changes.on("error", () => undefined); // the test has failed, and its shop is gone
    changes.on("change", (change) => {
      if (change.operationType !== "update" && change.operationType !== "insert") return;
      const position =
        change.operationType === "insert"
          ? change.fullDocument.position
          : change.updateDescription.updatedFields?.position;
      if (position === undefined) return;
      const { _id } = change.documentKey;
      seen.set(_id, [...(seen.get(_id) ?? []), BigInt(position)]);
    });
    return changes;
  });
  return { seen, close: () => Promise.all(streams.map((stream) => stream.close())) };
}

test(`frozen in a transaction while it catches up, at an append of a process${FROZEN > 0 ? ", and at a commit" : ""}`, async () => {
  const begun = Date.now();
  const [first, second] = await Promise.all([shop.worker("first"), shop.worker("second")]);
  const positions = watchPositions();

  await Promise.all([shop.receiveMany(FROZEN > 0 ? 150 : 50), shop.trade()]);
  const isFrozen = freezing([first], inTransaction);
  // One that is frozen for long as it starts says too late that it is ready.
  const started = first.start().catch((error: unknown) => (FROZEN === 0 ? Promise.reject(error) : undefined));
  await Promise.race([isFrozen, started.then(() => isFrozen)]);
  expect(await shop.isDone()).toBe(false);
  await second.start();
  await hasAll(second);
  await Promise.all([done(), pause(FROZEN)]);
  first.signal("SIGCONT");
  await Promise.all([started, shop.trade(), isBack(first)]);
  await done();

  for (const moment of FROZEN > 0 ? [appending, committing] : [appending]) {
    const [frozen] = await Promise.all([freezing([first, second], moment), shop.trade()]);
    await hasAll(frozen === first ? second : first);
    await Promise.all([done(), pause(FROZEN)]);
    frozen.signal("SIGCONT");
    await Promise.all([shop.trade(), isBack(frozen)]);
    await done();
  }

  await positions.close();
  for (const [name, written] of positions.seen)
    expect([name, written]).toEqual([name, written.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))]);
  expect(await shop.faults()).toEqual([]);
  const { events } = await shop.log();
  process.stderr.write(`${JSON.stringify({ seconds: Math.round((Date.now() - begun) / 1000), events })}\n`);
  failed = false;
});
