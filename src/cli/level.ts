import { type Context } from "../engine/context";
import { type Engine } from "../engine/engine";
import { layoutOf, type MongoStores, reachOf, readModelPointers } from "../infra/mongo";
import { pause } from "../infra/runtime";

/** How far each read model has come; `failed`: why it stands still for good. */
export interface Place {
  readonly name: string;
  readonly position: bigint;
  readonly failed?: string | undefined;
}
export type Positions = readonly Place[];

export interface LevelOptions {
  readonly signal: AbortSignal;
  /** Share of the way from where they were at first, 0 to 1. */
  readonly progress?: (share: number) => void;
  /** Given up when nothing moves for this long, in ms. */
  readonly patience?: number;
}

/** How often is looked, in ms. */
const RHYTHM = 100;
/** An idle worker makes its position durable every five seconds. */
const PATIENCE = 15_000;

/**
 * Waits until every read model has come up to a position in the log.
 * @returns false when none has moved for a while
 * @throws when one stands still because of an event that it cannot handle; the signal's reason
 */
export async function untilLevel(look: () => Promise<Positions>, end: bigint, options: LevelOptions): Promise<boolean> {
  const { signal, progress, patience = PATIENCE } = options;
  let first: Positions | undefined;
  let before = "";
  let moved = performance.now();
  for (;;) {
    signal.throwIfAborted();
    const places = await look();
    first ??= places;
    const failed = places.find((place) => place.failed !== undefined);
    if (failed) throw new Error(`The read model ${failed.name} cannot go on: ${failed.failed ?? ""}`);
    progress?.(shareOf(first, places, end));
    if (places.every(({ position }) => position >= end)) return true;
    const now = places.map(({ position }) => position).join();
    if (now !== before) moved = performance.now();
    else if (performance.now() - moved > patience) return false;
    before = now;
    await pause(RHYTHM, signal);
  }
}

function shareOf(first: Positions, places: Positions, end: bigint): number {
  const started = new Map(first.map(({ name, position }) => [name, position]));
  const shares = places.map(({ name, position }) => {
    const from = started.get(name) ?? -1n;
    return end <= from ? 1 : Math.min(1, Number(position - from) / Number(end - from));
  });
  return shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
}

/** The read models that the engine itself builds. */
export const ownPositions = (engine: Engine): Positions =>
  engine.readModelStates.map(({ context, name, active }) => ({
    name: `${context}.${name}`,
    // What another process works on is known by what can be read of it here.
    position:
      active.status === "waiting" || active.status === "outdated"
        ? engine.models.get(context, name).position
        : active.position,
    failed: active.status === "failed" ? active.error?.message : undefined,
  }));

/** The read models that other processes build, as their durable checkpoints tell. */
export async function foreignPositions(stores: MongoStores, contexts: readonly Context[]): Promise<Positions> {
  const each = contexts.map(async ({ name: context, projections, feeds }) => {
    const pointers = await readModelPointers(stores, context).find().toArray();
    const reached = new Map(
      await Promise.all(
        pointers.map(async (pointer) => {
          const { _id, active } = pointer;
          return [_id, await reachOf(stores, context, active, layoutOf(pointer, active))] as const;
        }),
      ),
    );
    return [...projections, ...feeds].map(({ name }) => ({
      name: `${context}.${name}`,
      position: reached.get(name)?.least ?? -1n,
    }));
  });
  return (await Promise.all(each)).flat();
}
