import { type ClientSession } from "mongodb";
import { type MongoStores } from "./stores";

interface CheckpointDocument {
  readonly _id: string;
  readonly position: bigint;
  readonly token: number;
}

/** Another worker has taken over; nothing was written. */
export class Fenced extends Error {
  constructor(name: string) {
    super(`another worker has taken over ${name}`);
    this.name = "Fenced";
  }
}

/** How far each consumer of the log has got, guarded by the fencing token of its lease. */
export class Checkpoints {
  constructor(private readonly stores: MongoStores) {}

  /** Shuts out every holder of an older token and answers the position reached (−1: nothing yet). */
  async claim(context: string, name: string, token: number): Promise<bigint> {
    const claimed = await this.collection(context).findOneAndUpdate(
      { _id: name },
      { $max: { token }, $setOnInsert: { position: -1n } },
      { upsert: true, returnDocument: "after" },
    );
    if (claimed?.token !== token) throw new Fenced(name);
    return BigInt(claimed.position);
  }

  /** Moves on; in the same transaction as what the position stands for. @throws Fenced */
  async advance(context: string, name: string, token: number, position: bigint, session?: ClientSession) {
    const result = await this.collection(context).updateOne(
      { _id: name, token },
      { $set: { position } },
      session ? { session } : {},
    );
    if (result.matchedCount === 0) throw new Fenced(name);
  }

  async read(context: string, name: string): Promise<bigint> {
    const found = await this.collection(context).findOne({ _id: name });
    return found ? BigInt(found.position) : -1n;
  }

  async drop(context: string, name: string): Promise<void> {
    await this.collection(context).deleteOne({ _id: name });
  }

  collection(context: string) {
    return this.stores.collection<CheckpointDocument>(context, "checkpoints");
  }
}
