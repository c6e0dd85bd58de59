import { anyPartitionOf } from "../runtime/partitions";
import { type CheckpointDocument } from "./checkpoint";
import { type MongoStores } from "./stores";

/** The checkpoints of all consumers, for who looks at them from outside. */
export class Checkpoints {
  constructor(private readonly stores: MongoStores) {}

  /** Those of a collection that is no more. */
  async drop(context: string, target: string): Promise<void> {
    await this.collection(context).deleteMany({ _id: anyPartitionOf(target) });
  }

  collection(context: string) {
    return this.stores.collection<CheckpointDocument>(context, "checkpoints");
  }
}
