import { Checkpoints, layoutOf, type MongoStores, type Pointer, reachOf, readModelPointers } from "../mongo";
import { type Build } from "./build";
import { partitionNames } from "./partitions";

/** A fencing token is put so far ahead that no lease catches up with it. */
const FENCE = 1_000_000;

/** How the collection that serves a read model gives way to the one that was built beside it. */
export class Succession {
  constructor(
    private readonly stores: MongoStores,
    private readonly spec: { readonly context: string; readonly name: string; readonly version: number },
  ) {}

  /**
   * First the old collection's writers are shut out, provided that none is ahead; then the pointer moves. So no reader
   * ever sees an older state than before. Cut off in between, the old one stands still until the switch is made again.
   * A transaction would be no better: one that a killed process leaves open locks both documents for a minute.
   */
  async swap(pointer: Pointer, target: string, builder: Build): Promise<boolean> {
    const { context, name, version } = this.spec;
    const level = await this.levelOf(builder);
    const old = layoutOf(pointer, pointer.active);
    const before = await reachOf(this.stores, context, pointer.active, old);
    if (before && before.most > level) return false;
    if (!(await this.fence(partitionNames(pointer.active, old), level))) return false;
    const moved = await this.pointers().updateOne(
      { _id: name, building: target },
      {
        $set: { active: target, version, previous: pointer.active },
        $unset: { building: true },
        $inc: { generation: 1 },
      },
    );
    return moved.matchedCount === 1;
  }

  /** Up to where everything is in the new collection, by whichever process. */
  private async levelOf(builder: Build): Promise<bigint> {
    const stored = builder.leads()
      ? undefined
      : await reachOf(this.stores, this.spec.context, builder.target, builder.layout);
    const positions = builder.consumers.map(({ holdsLease, position$ }, index) =>
      holdsLease ? position$.value : (stored?.at(index) ?? -1n),
    );
    return positions.reduce((a, b) => (a < b ? a : b));
  }

  /** Shuts out the writers of all these partitions, or of none: one may have got ahead meanwhile. */
  private async fence(names: readonly string[], level: bigint): Promise<boolean> {
    const checkpoints = new Checkpoints(this.stores).collection(this.spec.context);
    const fenced: string[] = [];
    for (const _id of names) {
      const done = await checkpoints.updateOne({ _id, position: { $lte: level } }, { $inc: { token: FENCE } });
      if (done.matchedCount === 1) fenced.push(_id);
      else if (await checkpoints.findOne({ _id })) {
        await checkpoints.updateMany({ _id: { $in: fenced } }, { $inc: { token: -FENCE } });
        return false;
      }
    }
    return true;
  }

  /** Drops a collection that serves nobody any more. */
  async discard(target: string): Promise<void> {
    const { context } = this.spec;
    await this.stores.database(context).dropCollection(target);
    await new Checkpoints(this.stores).drop(context, target);
    await this.pointers().updateOne({ _id: this.spec.name }, { $unset: { [`layouts.${target}`]: true } });
  }

  private pointers() {
    return readModelPointers(this.stores, this.spec.context);
  }
}

/** Whether there is something in this process to put in place: what others build of it is looked at then. */
export function isReady({ states }: Build): boolean {
  return states.some(({ status }) => status === "live") && states.every(({ status }) => status === "live" || status === "waiting"); // prettier-ignore
}
