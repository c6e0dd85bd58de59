import { type CheckpointDocument } from "./checkpoint";
import { type MongoStores } from "./stores";

/** The checkpoints of all consumers, for who looks at them from outside. */
export class Checkpoints {
  constructor(private readonly stores: MongoStores) {}

  async drop(context: string, name: string): Promise<void> {
    await this.collection(context).deleteOne({ _id: name });
  }

  collection(context: string) {
    return this.stores.collection<CheckpointDocument>(context, "checkpoints");
  }
}
