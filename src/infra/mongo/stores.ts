import { MongoClient, type Collection, type Db, type Document, type WriteConcern } from "mongodb";
import { guardAgainstDeadSockets } from "./dead-sockets";

export interface MongoOptions {
  readonly url: string;
  /** First part of every database's name: `<prefix>_<context>`. */
  readonly prefix?: string;
  /**
   * Write concern of read models; always with the journal. They can be rebuilt from the log, but nobody would know that
   * they must: a worker that lives on while the server is killed goes on from the position that it had reached, and
   * readers hold tokens up to there. On one node that is a majority, `1` saves the wait for the majority's snapshot;
   * with several `majority` keeps a failover from showing readers an older state.
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
    guardAgainstDeadSockets();
    const client = new MongoClient(url, {
      useBigInt64: true,
      ignoreUndefined: true,
      serverSelectionTimeoutMS: 10_000,
      maxPoolSize: 64,
      writeConcern: { w: writeConcern, journal: true } as WriteConcern,
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
