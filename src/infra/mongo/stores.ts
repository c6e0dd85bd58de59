import { MongoClient, type Collection, type Db, type Document, type WriteConcern } from "mongodb";

export interface MongoOptions {
  readonly url: string;
  /** First part of every database's name: `<prefix>_<context>`. */
  readonly prefix?: string;
  /**
   * Write concern of read models. They can always be rebuilt from the log, and documents and checkpoint are committed
   * together, so losing both in a crash loses nothing: one node need not wait for its journal. With several nodes
   * `majority` keeps a failover from showing readers an older state.
   */
  readonly writeConcern?: "majority" | 1;
}

/** The MongoDB server: one database per bounded context. */
export class MongoStores {
  private readonly databases = new Map<string, Db>();
  private readonly collections = new Map<string, Collection>();

  private constructor(
    readonly client: MongoClient,
    readonly prefix: string,
    readonly writeConcern: "majority" | 1,
  ) {}

  /** @throws when no primary answers within ten seconds */
  static async connect({ url, prefix = "millrace", writeConcern = "majority" }: MongoOptions): Promise<MongoStores> {
    const client = new MongoClient(url, {
      useBigInt64: true,
      ignoreUndefined: true,
      serverSelectionTimeoutMS: 10_000,
      maxPoolSize: 64,
      writeConcern: { w: writeConcern } as WriteConcern,
    });
    await client.connect();
    return new MongoStores(client, prefix, writeConcern);
  }

  database(context: string): Db {
    let database = this.databases.get(context);
    if (!database) this.databases.set(context, (database = this.client.db(`${this.prefix}_${context}`)));
    return database;
  }

  collection<T extends Document>(context: string, name: string): Collection<T> {
    const key = `${context}.${name}`;
    let collection = this.collections.get(key);
    if (!collection) this.collections.set(key, (collection = this.database(context).collection(name)));
    return collection as unknown as Collection<T>;
  }

  /** @throws when the server does not answer */
  async ping(): Promise<void> {
    await this.client.db("admin").command({ ping: 1 });
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}
