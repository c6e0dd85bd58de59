import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { type Binary, type Collection } from "mongodb";
import { type Aggregate, type DomainEvent } from "../../domains/kernel";
import { type MongoStores } from "../mongo";
import { type LoadedAggregate } from "./aggregate-cache";
import { CommandMemory } from "./command-memory";
import { onceDone } from "./kept-for";
import { orElse } from "./retry";

/** Counted since the start. */
export interface SnapshotFigures {
  read: number;
  written: number;
  /** Damaged, or of another stream. */
  ignored: number;
  /** The database was away. */
  failed: number;
}

export interface SnapshotOptions {
  /** The context whose database keeps the snapshots of a stream category; `undefined`: none that may be opened here. */
  home(category: string): string | undefined;
  /** What the states are made by: snapshots of other code are as if they were not there. */
  readonly code: string;
  /** A stream that has so many events more than its snapshot gets another; 0: there are none. */
  readonly every: number;
  report(message: string, details: object): void;
}

interface SnapshotDocument {
  /** Stream and what it was made by: processes of two versions do not take one another's away. */
  readonly _id: string;
  readonly stream: string;
  readonly version: number;
  readonly code: string;
  readonly revision: number;
  readonly position: bigint;
  /** The event at the revision. */
  readonly eventId: string;
  /** JSON: it is read several times faster than as a document. */
  readonly state: string;
  readonly commands: Uint8Array | Binary;
  /** Over all of the above. */
  readonly check: string;
  readonly at: Date;
}

type Form = Aggregate<unknown, DomainEvent, unknown>;

/** Between two snapshots of one stream, in ms: a rush needs no snapshot for each of its appends. */
const PAUSE = 1_000;
/** A database that does not answer in this time, in ms, is done without, */
const PATIENCE = 300;
/** and not asked again for so long. */
const AWAY = 5_000;
const AWAY_NOW = Symbol("away");
/** A state beyond this, in bytes, is not kept: a document holds 16 MiB. */
const MOST = 8 * 1024 * 1024;
/** A snapshot goes when it is as old as this, in seconds: its stream rests, or other code has taken over. */
const KEPT_SECONDS = 60 * 24 * 60 * 60;
/** Streams of which it is known how far their snapshots are. */
const KNOWN = 20_000;

/**
 * States of long streams, so that a command need not read them from their beginning. A mere cache beside the log: made
 * in the background, believed only when it is whole, was made by this very code, and the log has the event that it ends
 * with; may be deleted at any time.
 */
export class Snapshots {
  readonly figures: SnapshotFigures = { read: 0, written: 0, ignored: 0, failed: 0 };
  private readonly reached = new LRUCache<string, { readonly revision: number; readonly at: number }>({ max: KNOWN });
  private readonly due = new Map<string, { readonly aggregate: Form; readonly loaded: LoadedAggregate }>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly writing = new Set<Promise<void>>();
  private readonly indexed = new Map<string, () => Promise<unknown>>();
  private awayUntil = 0;

  constructor(
    private readonly stores: MongoStores,
    private readonly options: SnapshotOptions,
  ) {}

  /** How many events a stream may have beyond its snapshot, while nothing is in a hurry. */
  get every(): number {
    return this.options.every;
  }

  /** Whether there are snapshots of such aggregates here. */
  isKept(aggregate: Form): boolean {
    return this.collection(aggregate) !== undefined;
  }

  /** The aggregate as of its snapshot; `undefined` when there is none to be believed. Never throws. */
  async read(stream: string, aggregate: Form): Promise<LoadedAggregate | undefined> {
    const collection = this.collection(aggregate);
    if (collection === undefined || performance.now() < this.awayUntil) return undefined;
    const _id = this.idOf(stream, aggregate);
    const found = await orElse(collection.findOne({ _id }, { promoteBuffers: true }), PATIENCE, AWAY_NOW);
    if (found === AWAY_NOW) {
      this.awayUntil = performance.now() + AWAY;
      this.figures.failed++;
      return undefined;
    }
    if (found === null) return undefined;
    const loaded = this.believed(found, stream, aggregate);
    this.figures[loaded === undefined ? "ignored" : "read"]++;
    if (loaded !== undefined) this.reached.set(stream, { revision: loaded.revision, at: -PAUSE });
    return loaded;
  }

  /** What an aggregate is now: kept in the background, when the last time was long enough ago. */
  offer(stream: string, aggregate: Form, loaded: LoadedAggregate): void {
    if (aggregate.snapshot === undefined || loaded.person !== undefined || loaded.eventId === undefined) return;
    const { revision = -1, at = -PAUSE } = this.reached.get(stream) ?? {};
    if (loaded.revision - revision < this.every || !this.isKept(aggregate)) return;
    this.due.set(stream, { aggregate, loaded });
    if (this.timers.has(stream)) return;
    const wait = Math.max(0, at + PAUSE - performance.now());
    this.timers.set(stream, setTimeout(() => this.keep(stream), wait).unref());
  }

  /** Writes what is due now, and waits until it is. */
  async settled(): Promise<void> {
    for (const [stream, timer] of [...this.timers]) {
      clearTimeout(timer);
      this.keep(stream);
    }
    await Promise.all(this.writing);
  }

  private keep(stream: string): void {
    const due = this.due.get(stream);
    this.due.delete(stream);
    this.timers.delete(stream);
    if (due === undefined) return;
    const before = this.reached.get(stream)?.revision ?? -1;
    this.reached.set(stream, { revision: due.loaded.revision, at: performance.now() });
    const writing = this.write(stream, due.aggregate, due.loaded)
      .catch((error: unknown) => {
        this.figures.failed++;
        this.reached.set(stream, { revision: before, at: performance.now() + AWAY });
        this.options.report("a snapshot could not be written; commands go on without", { stream, error });
      })
      .then(() => void this.writing.delete(writing));
    this.writing.add(writing);
  }

  private async write(stream: string, aggregate: Form, loaded: LoadedAggregate): Promise<void> {
    const { snapshot: form } = aggregate;
    const { revision, position, eventId } = loaded;
    const collection = this.collection(aggregate);
    if (form === undefined || collection === undefined || eventId === undefined) return;
    const state = JSON.stringify(form.encode(loaded.state));
    const commands = loaded.commands.pack(revision);
    if (commands === undefined || state.length > MOST) return;
    const { code } = this.options;
    const content = { stream, version: form.version, code, revision, position, eventId, state, commands };
    const _id = this.idOf(stream, aggregate);
    await this.expiring(collection);
    await collection.replaceOne(
      { _id },
      { ...content, check: checkOf(content), at: new Date() },
      { upsert: true, writeConcern: { w: 1, journal: false } },
    );
    this.figures.written++;
  }

  private believed(found: SnapshotDocument, stream: string, { snapshot: form }: Form): LoadedAggregate | undefined {
    try {
      const { revision, position, eventId, state, check } = found;
      const { buffer, byteOffset, byteLength } = found.commands as Uint8Array;
      const commands = Buffer.from(buffer, byteOffset, byteLength);
      const isOurs = found.stream === stream && found.code === this.options.code && found.version === form?.version;
      if (!isOurs || checkOf({ ...found, commands }) !== check) return undefined;
      return {
        state: form.decode(JSON.parse(state)),
        revision,
        position,
        eventId,
        commands: CommandMemory.unpack(commands),
      };
    } catch {
      return undefined;
    }
  }

  private readonly idOf = (stream: string, { snapshot }: Form): string =>
    `${stream} ${this.options.code}.${snapshot?.version ?? 0}`;

  private expiring(collection: Collection<SnapshotDocument>): Promise<unknown> {
    const { dbName } = collection;
    const create = () => collection.createIndex({ at: 1 }, { expireAfterSeconds: KEPT_SECONDS });
    const indexed = this.indexed.get(dbName) ?? onceDone(create);
    this.indexed.set(dbName, indexed);
    return indexed();
  }

  /** `undefined` where nothing is kept of such streams here. */
  private collection({ category, snapshot }: Form) {
    if (snapshot === undefined || this.every === 0) return undefined;
    const home = this.options.home(category);
    return home === undefined ? undefined : this.stores.collection<SnapshotDocument>(home, "snapshots");
  }
}

function checkOf(
  content: Omit<SnapshotDocument, "_id" | "check" | "at" | "commands"> & { commands: Uint8Array },
): string {
  const { stream, version, code, revision, position, eventId, state, commands } = content;
  return createHash("sha1")
    .update(JSON.stringify([stream, version, code, revision, position.toString(), eventId]))
    .update(state)
    .update(commands)
    .digest("base64url");
}
