import { MongoClient, type ClientSession, type Collection, type CommandStartedEvent, type Db, type Document, type WriteConcern } from "mongodb"; // prettier-ignore
import { type CommandTimes, timeCommands } from "./command-times";
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
  /** Addresses, with logins, of databases that have one of their own, by their names without prefix. */
  readonly urls?: Readonly<Record<string, string | undefined>> | undefined;
  /** The databases that may be opened, without their prefix; all when absent. */
  readonly only?: readonly string[] | undefined;
  /** Told of each command that the driver sends. */
  readonly onCommand?: ((command: CommandStartedEvent) => void) | undefined;
  /** Told how long each command took that this process sends to MongoDB. */
  readonly times?: CommandTimes | undefined;
}

/** A process that is some contexts alone must not open another's database: what it needs of it, it learns from events. */
export class ForeignDatabase extends Error {
  constructor(context: string, only: ReadonlySet<string>) {
    super(`the database of ${context} is not opened here, but those of ${[...only].join(", ")}`);
    this.name = "ForeignDatabase";
  }
}

/**
 * Times in ms, where the URL does not say others. Without `socketTimeoutMS` whoever asks over a connection that has died
 * without a word (a firewall forgot it, a machine is gone) waits for a quarter of an hour or for ever.
 */
const TIMES = { serverSelectionTimeoutMS: 10_000, connectTimeoutMS: 5_000, socketTimeoutMS: 20_000 };

/** The options that are given to the driver go before what the URL says. */
const timesFor = (url: string): Partial<typeof TIMES> =>
  Object.fromEntries(Object.entries(TIMES).filter(([name]) => !new RegExp(`[?&]${name}=`, "i").test(url)));

/** The MongoDB server: one database per bounded context. */
export class MongoStores {
  private readonly databases = new Map<string, Db>();
  private readonly collections = new Map<string, Collection>();

  private constructor(
    /** The one for all databases without a login of their own. */
    readonly client: MongoClient,
    /** The others, by database. */
    private readonly clients: ReadonlyMap<string, MongoClient>,
    readonly prefix: string,
    readonly writeConcern: "majority" | 1,
    private readonly only: ReadonlySet<string> | undefined,
    private readonly untimed: (() => void) | undefined,
  ) {}

  /** @throws when no primary answers within ten seconds, or a login is refused */
  static async connect(options: MongoOptions): Promise<MongoStores> {
    const { url, urls = {}, prefix = "millrace", writeConcern = "majority", only, times } = options;
    guardAgainstDeadSockets();
    const own = Object.entries(urls).flatMap(([database, each]) =>
      each === undefined || each === url || (only && !only.includes(database)) ? [] : [[database, each] as const],
    );
    const client = clientOf(url, options);
    const byUrl = new Map([[url, client]]);
    for (const [, each] of own) if (!byUrl.has(each)) byUrl.set(each, clientOf(each, options));
    const clients = new Map(own.map(([database, each]) => [database, byUrl.get(each) ?? client]));
    const all = [...byUrl.values()];
    try {
      await Promise.all(all.map((each) => each.connect()));
    } catch (error) {
      await Promise.all(all.map((each) => each.close()));
      throw error;
    }
    const untimed = times && timeCommands(times);
    return new MongoStores(client, clients, prefix, writeConcern, only && new Set(only), untimed);
  }

  /** @throws ForeignDatabase */
  database(context: string): Db {
    let database = this.databases.get(context);
    if (!database) this.databases.set(context, (database = this.clientOf(context).db(`${this.prefix}_${context}`)));
    return database;
  }

  collection<T extends Document>(context: string, name: string): Collection<T> {
    const key = `${context}.${name}`;
    let collection = this.collections.get(key);
    if (!collection) this.collections.set(key, (collection = this.database(context).collection(name)));
    return collection as unknown as Collection<T>;
  }

  /** The client whose login opens the database: transactions are its. @throws ForeignDatabase */
  clientOf(context: string): MongoClient {
    if (this.only && !this.only.has(context)) throw new ForeignDatabase(context, this.only);
    return this.clients.get(context) ?? this.client;
  }

  /** A session for transactions in the database. @throws ForeignDatabase */
  startSession(context: string): ClientSession {
    return this.clientOf(context).startSession();
  }

  /** @throws when the server does not answer */
  async ping(): Promise<void> {
    await this.client.db("admin").command({ ping: 1 });
  }

  async close(): Promise<void> {
    this.untimed?.();
    await Promise.all([this.client, ...new Set(this.clients.values())].map((client) => client.close()));
  }
}

function clientOf(url: string, { writeConcern = "majority", onCommand }: MongoOptions): MongoClient {
  const client = new MongoClient(url, {
    useBigInt64: true,
    ignoreUndefined: true,
    maxPoolSize: 64,
    ...timesFor(url),
    writeConcern: { w: writeConcern, journal: true } as WriteConcern,
    monitorCommands: onCommand !== undefined,
  });
  if (onCommand) client.on("commandStarted", onCommand);
  return client;
}
