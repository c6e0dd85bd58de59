import { type ClientSession, type Collection } from "mongodb";
import { type Layout, partitionNames, Reach, UNDIVIDED } from "../runtime/partitions";
import { type CheckpointDocument } from "./checkpoint";
import { type MongoStores } from "./stores";
import { inTransaction } from "./transaction";

/** Which collection of a read model serves, and which one is being built. */
export interface Pointer {
  readonly _id: string;
  readonly version: number;
  readonly active: string;
  readonly building?: string;
  readonly previous?: string;
  /** Rises with each rebuild, switch and new division: each has its own, and an old pointer is known for one. */
  readonly generation: number;
  /** How collections are divided, by name; undivided where nothing is said. */
  readonly layouts?: Readonly<Record<string, Layout>>;
}

export const readModelPointers = (stores: MongoStores, context: string): Collection<Pointer> =>
  stores.collection<Pointer>(context, "read_models");

export const layoutOf = ({ layouts = {} }: Pick<Pointer, "layouts">, target: string): Layout =>
  layouts[target] ?? UNDIVIDED;

/** How far a collection has got; `undefined` where nothing has been written to it. */
export async function reachOf(
  stores: MongoStores,
  context: string,
  target: string,
  layout: Layout,
  session?: ClientSession,
): Promise<Reach | undefined> {
  const names = partitionNames(target, layout);
  const found = await stores
    .collection<CheckpointDocument>(context, "checkpoints")
    .find({ _id: { $in: [...names] } }, session ? { session } : {})
    .toArray();
  if (found.length === 0) return undefined;
  const positions = new Map(found.map(({ _id, position }) => [_id, BigInt(position)]));
  return new Reach(
    layout,
    names.map((name) => positions.get(name) ?? -1n),
  );
}

/** A fencing token that no lease reaches: the checkpoint of a partition that is no more. */
const RETIRED = Number.MAX_SAFE_INTEGER;

/** Everybody goes on writing meanwhile, and a checkpoint that has just moved is a conflict: ms. */
const DIVIDES_WITHIN = 60_000;

/**
 * Divides the collection that serves anew, in one transaction: writers of the old partitions are shut out, the new ones
 * begin where the one furthest behind had got, and remember how far the others were. Nothing is rebuilt, no document
 * moves, and nobody has to wait for the partitions to be level.
 * @returns the pointer as it is then; `undefined` when another collection serves by now
 */
export async function divide(
  stores: MongoStores,
  context: string,
  { _id, active }: Pointer,
  count: number,
): Promise<Pointer | undefined> {
  const checkpoints = stores.collection<CheckpointDocument>(context, "checkpoints");
  const pointers = readModelPointers(stores, context);
  return stores.clientOf(context).withSession((session) =>
    inTransaction(
      session,
      async () => {
        const pointer = await pointers.findOne({ _id }, { session });
        if (!pointer || pointer.active !== active) return undefined;
        const before = layoutOf(pointer, active);
        if (before.count === count) return pointer;
        const reach = (await reachOf(stores, context, active, before, session)) ?? new Reach(before, [-1n]);
        const position = reach.least;
        for (const name of partitionNames(active, before))
          await checkpoints.updateOne(
            { _id: name },
            { $set: { token: RETIRED }, $setOnInsert: { position } },
            { session, upsert: true },
          );
        const layout: Layout = { count, ...(reach.floors.length > 0 && { floors: reach.floors }) };
        for (const name of partitionNames(active, layout))
          await checkpoints.replaceOne({ _id: name }, { position, token: 0 }, { session, upsert: true });
        return (
          (await pointers.findOneAndUpdate(
            { _id },
            { $set: { [`layouts.${active}`]: layout }, $inc: { generation: 1 } },
            { session, returnDocument: "after" },
          )) ?? undefined
        );
      },
      DIVIDES_WITHIN,
    ),
  );
}
