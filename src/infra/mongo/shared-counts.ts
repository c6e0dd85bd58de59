import { createHash } from "node:crypto";
import { type Collection } from "mongodb";
import { type MongoStores } from "./stores";

interface CountDocument {
  readonly _id: string;
  readonly count: number;
  /** Removed by the database some time after that. */
  readonly expiresAt: Date;
}

/** Something that is counted in windows of time. */
export interface Counted {
  readonly name: string;
  /** Seconds of a window. */
  readonly window: number;
  /** What this process adds. */
  readonly count: number;
}

const COLLECTION = "counts";

/** Counts that several processes share, by windows of time. Names are kept as what they cannot be read from. */
export class SharedCounts {
  private indexed: Promise<string> | undefined;

  constructor(private readonly stores: MongoStores) {}

  /** Adds to each count, and answers in the same order what all processes together have counted in the window. */
  async add(counted: readonly Counted[], now = Date.now()): Promise<readonly number[]> {
    if (counted.length === 0) return [];
    const { collection } = this;
    await (this.indexed ??= collection.createIndex({ expiresAt: 1 }, { expireAfterSeconds: 0 }));
    const ids = counted.map(({ name, window }) => idOf(name, window, now));
    await collection.bulkWrite(
      counted.map(({ window, count }, index) => ({
        updateOne: {
          filter: { _id: ids[index] ?? "" },
          update: { $inc: { count }, $setOnInsert: { expiresAt: new Date(now + 2_000 * window) } },
          upsert: true,
        },
      })),
      { ordered: false },
    );
    const found = await collection.find({ _id: { $in: ids } }).toArray();
    const counts = new Map(found.map(({ _id, count }) => [_id, count]));
    return ids.map((id) => counts.get(id) ?? 0);
  }

  private get collection(): Collection<CountDocument> {
    return this.stores.collection<CountDocument>("operations", COLLECTION);
  }
}

const idOf = (name: string, window: number, now: number): string =>
  `${createHash("sha256").update(name).digest("base64url")}@${Math.floor(now / 1_000 / window)}`;
