import { type ClientSession, Decimal128, MongoServerError } from "mongodb";
import { type Document } from "../../domains/kernel";
import { layoutOf, type MongoStores, reachOf, readModelPointers } from "../mongo";
import { type Reach, Skips } from "../runtime";

/** A read model as it is stored at one moment, whatever is written to it meanwhile. */
export interface Stored {
  /** The collection that serves. */
  readonly target: string;
  /** Of the projection that built it. */
  readonly version: number;
  /** The collection that served before, if it is still there, and where it was left. */
  readonly previous: { readonly target: string; readonly reach: Reach } | undefined;
  /** How far each of the documents reflects the log. */
  readonly reach: Reach;
  /** Log position that all documents reflect. */
  readonly position: bigint;
  /** What is left out. */
  readonly skips: Skips;
  readonly session: ClientSession;
}

export interface ModelName {
  readonly context: string;
  readonly name: string;
}

/** A snapshot that cannot be had (a collection is just being made, or dropped) is asked for again so often. */
const TRIES = 5;
const PAUSE = 200;
/** SnapshotUnavailable, SnapshotTooOld, QueryPlanKilled, CursorNotFound, NamespaceNotFound */
const PASSING = new Set([246, 239, 175, 43, 26]);

/**
 * Looks at a read model in a snapshot of the database, so that checkpoint and documents belong together.
 * `use` gets `undefined` where nothing has been built yet, and may be called again.
 */
export async function withStored<T>(
  stores: MongoStores,
  { context, name }: ModelName,
  use: (stored: Stored | undefined) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await stores.clientOf(context).withSession({ snapshot: true }, async (session) => {
        const pointer = await readModelPointers(stores, context).findOne({ _id: name }, { session });
        if (!pointer) return use(undefined);
        const { active: target, version, previous: before } = pointer;
        const reach = await reachOf(stores, context, target, layoutOf(pointer, target), session);
        if (!reach) return use(undefined);
        const left = before === undefined ? undefined : await reachOf(stores, context, before, layoutOf(pointer, before), session); // prettier-ignore
        const previous = before !== undefined && left ? { target: before, reach: left } : undefined;
        const skips = await Skips.load(stores, context, name, session);
        return use({ target, version, previous, reach, position: reach.least, skips, session });
      });
    } catch (error) {
      const passing = error instanceof MongoServerError && PASSING.has(Number(error.code));
      if (!passing || attempt >= TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE * attempt));
    }
  }
}

/** Documents fetched at once: answers of many megabytes are slow to cross, and have been seen to stall for a minute. */
const BATCH = 500;

/** Documents of a collection in the order of their ids: all, or those of a range of ids. */
export const documentsOf = <D extends Document>(
  stores: MongoStores,
  context: string,
  target: string,
  { session, ids }: { readonly session?: ClientSession; readonly ids?: object } = {},
): AsyncIterable<D> =>
  stores
    .collection<D>(context, target)
    .find((ids ? { _id: ids } : {}) as never, { batchSize: BATCH, ...(session && { session }) })
    .sort({ _id: 1 }) as unknown as AsyncIterable<D>;

/** What the database gives, as JSON; kinds of values that JSON has not become text that names the kind. */
export function plain(value: unknown): unknown {
  if (value === null || typeof value !== "object") return typeof value === "bigint" ? `Long("${value}")` : value;
  if (value instanceof Decimal128) return `Decimal128("${value.toString()}")`;
  if (value instanceof Date) return `Date("${value.toISOString()}")`;
  if (Array.isArray(value)) return value.map((item) => (item === undefined ? null : plain(item)));
  const result: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) if (field !== undefined) result[name] = plain(field);
  return result;
}
