import { LRUCache } from "lru-cache";
import { type AnyBulkWriteOperation, type Collection } from "mongodb";
import { type Document, type Lookup, type Projection, type Recorded } from "../../domains/kernel";
import { Checkpoint, type MongoStores } from "../mongo";
import { type Handler } from "./handler";
import { PoisonEvent } from "./poison-event";
import { floorOf, type Part, partitionName, partitionOf, WHOLE } from "./partitions";
import { Skips } from "./skips";

/** Documents kept in memory between batches: only the lease's holder writes them, and the fence guards the commit. */
const KEPT_DOCUMENTS = 5_000;

/** Told after each commit: the documents as they are now (`undefined`: removed), and the position reached. */
export type Committed<D extends Document = Document> = (
  documents: ReadonlyMap<string, D | undefined>,
  position: bigint,
) => void;

/** Thrown out of a pure function that asked for a document not at hand; it is fetched and the event folded again. */
class NeedsDocument {
  constructor(readonly id: string) {}
}

/** The documents of one batch: as they are so far, and which of them have changed. */
interface Batch<D extends Document> {
  readonly working: Map<string, D | undefined>;
  readonly changed: Set<string>;
}

/**
 * Folds events into the documents of one read model, or of one partition of it, and writes documents and checkpoint in
 * one transaction.
 */
export class ProjectionWriter<D extends Document> implements Handler {
  readonly types: readonly string[];
  private readonly place: Checkpoint;
  private readonly documents: Collection<D>;
  private readonly kept = new LRUCache<string, { readonly document: D | undefined }>({ max: KEPT_DOCUMENTS });
  private readonly begins: ReadonlySet<string>;
  /** Where all documents are its own, and from the first event on. */
  private readonly undivided: boolean;
  private skips = Skips.none;

  constructor(
    private readonly stores: MongoStores,
    private readonly projection: Projection<D>,
    /** Name of the collection the documents go to. */
    readonly target: string,
    private readonly committed: Committed<D> = () => undefined,
    private readonly part: Part = WHOLE,
  ) {
    this.types = projection.events;
    this.begins = new Set<string>(projection.begins ?? []);
    this.undivided = part.count === 1 && (part.floors ?? []).length === 0;
    this.place = new Checkpoint(stores, projection.context, partitionName(target, part.index, part.count));
    this.documents = stores.collection<D>(projection.context, target);
  }

  async claim(token: number): Promise<bigint> {
    const { context, name, indexes = [] } = this.projection;
    this.kept.clear();
    for (const { key, ...options } of indexes) await this.documents.createIndex({ ...key }, options);
    const position = await this.place.claim(token);
    this.skips = await Skips.load(this.stores, context, name);
    return position;
  }

  async handle(events: readonly Recorded[], upTo: bigint): Promise<void> {
    const batch: Batch<D> = { working: new Map(), changed: new Set() };
    const poison = this.projection.independent ? await this.foldEach(events, batch) : await this.foldAll(events, batch);
    const position = poison ? events[events.indexOf(poison.event) - 1]?.position : upTo;
    if (position !== undefined) await this.commit(batch, position);
    if (poison) throw poison;
  }

  async checkpoint(position: bigint): Promise<void> {
    await this.place.advance(position);
  }

  async release(): Promise<void> {
    await this.place.release();
  }

  /** Whether this partition has the document, and has it not already as it is after the event. */
  private isOurs(id: string, event: Recorded): boolean {
    if (this.undivided) return true;
    const { part } = this;
    return partitionOf(id, part.count) === part.index && event.position > floorOf(id, part);
  }

  /** Where documents are independent of one another, it is known beforehand which ones are needed. */
  private async foldEach(events: readonly Recorded[], batch: Batch<D>): Promise<PoisonEvent | undefined> {
    const { projection, skips } = this;
    const { working } = batch;
    const steps: { readonly event: Recorded; readonly ids: readonly string[] }[] = [];
    const wanted = new Set<string>();
    let poison: PoisonEvent | undefined;
    for (const event of events) {
      if (skips.event(event)) continue;
      let ids: readonly string[];
      try {
        ids = projection.ids(event, onlyItself);
      } catch (cause) {
        poison = new PoisonEvent(event, cause);
        break;
      }
      ids = ids.filter((id) => this.isOurs(id, event) && !skips.document(event, id));
      if (ids.length === 0) continue;
      steps.push({ event, ids });
      const begins = this.begins.has(event.type);
      for (const id of ids) {
        if (wanted.has(id) || this.known(id, working)) continue;
        if (begins) working.set(id, undefined);
        else wanted.add(id);
      }
    }
    if (wanted.size > 0) await this.fetch([...wanted], working);
    for (const { event, ids } of steps) {
      const failed = this.apply(event, ids, batch);
      if (failed) return failed;
    }
    return poison;
  }

  /** All documents of one event or none. */
  private apply(event: Recorded, ids: readonly string[], { working, changed }: Batch<D>): PoisonEvent | undefined {
    const next = new Map<string, D | undefined>();
    for (const id of ids) {
      const document = next.has(id) ? next.get(id) : working.get(id);
      try {
        next.set(id, this.projection.apply(document, event, id, onlyItself));
      } catch (cause) {
        return new PoisonEvent(event, cause, id);
      }
    }
    for (const [id, document] of next) {
      if (document === working.get(id)) continue;
      working.set(id, document);
      changed.add(id);
    }
    return undefined;
  }

  private async foldAll(events: readonly Recorded[], batch: Batch<D>): Promise<PoisonEvent | undefined> {
    await this.preload(events, batch.working);
    for (const event of events) {
      if (this.skips.event(event)) continue;
      const poison = await this.fold(event, batch);
      if (poison) return poison;
    }
    return undefined;
  }

  /** Fetches in one go what the batch is likely to need. */
  private async preload(events: readonly Recorded[], working: Map<string, D | undefined>): Promise<void> {
    const lookup: Lookup<D> = (id) => working.get(id) ?? this.kept.get(id)?.document;
    const touched = (those: readonly Recorded[]): ReadonlySet<string> => {
      try {
        return new Set(those.flatMap((event) => this.projection.ids(event, lookup)));
      } catch {
        return new Set(); // the fold meets the same event again and reports it
      }
    };
    for (const id of touched(events.filter(({ type }) => this.begins.has(type))))
      if (!this.known(id, working)) working.set(id, undefined);
    for (let hop = 0; hop < 2; hop++) {
      const missing = [...touched(events)].filter((id) => !this.known(id, working));
      if (missing.length === 0) return;
      await this.fetch(missing, working);
    }
  }

  private async fold(event: Recorded, { working, changed }: Batch<D>): Promise<PoisonEvent | undefined> {
    const lookup: Lookup<D> = (id) => {
      if (!this.known(id, working)) throw new NeedsDocument(id);
      return working.get(id);
    };
    for (;;) {
      const before = new Map<string, D | undefined>();
      let folded: string | null = null;
      try {
        for (const id of this.projection.ids(event, lookup)) {
          folded = id;
          if (this.skips.document(event, id)) continue;
          const document = lookup(id);
          const next = this.projection.apply(document, event, id, lookup);
          if (next !== document) {
            if (!before.has(id)) before.set(id, document);
            working.set(id, next);
          }
        }
        for (const id of before.keys()) changed.add(id);
        return undefined;
      } catch (need) {
        for (const [id, document] of before) working.set(id, document);
        if (!(need instanceof NeedsDocument)) return new PoisonEvent(event, need, folded);
        await this.fetch([need.id], working);
      }
    }
  }

  /** Whether the document's state is at hand; takes it over from those kept. */
  private known(id: string, working: Map<string, D | undefined>): boolean {
    if (working.has(id)) return true;
    const kept = this.kept.get(id);
    if (!kept) return false;
    working.set(id, kept.document);
    return true;
  }

  private async fetch(ids: readonly string[], working: Map<string, D | undefined>): Promise<void> {
    for (const id of ids) working.set(id, undefined);
    for await (const document of this.documents.find({ _id: { $in: ids } } as never)) {
      working.set(document._id as unknown as string, document as unknown as D);
    }
  }

  private async commit({ working, changed }: Batch<D>, position: bigint): Promise<void> {
    const writes = [...changed].map((id): AnyBulkWriteOperation<D> => {
      const document = working.get(id);
      const filter = { _id: id } as never;
      return document
        ? { replaceOne: { filter, replacement: document as never, upsert: true } }
        : { deleteOne: { filter } };
    });
    try {
      if (writes.length === 0) await this.checkpoint(position);
      else
        await this.place.commit(position, (session) => this.documents.bulkWrite(writes, { session, ordered: false }));
    } catch (error) {
      this.kept.clear();
      throw error;
    }
    for (const [id, document] of working) this.kept.set(id, { document });
    this.committed(new Map([...changed].map((id) => [id, working.get(id)])), position);
  }
}

/** What a projection that says that its documents are independent may look up. */
const onlyItself: Lookup<never> = (id) => {
  throw new Error(`its documents are independent, and one of them asked for ${id}`);
};
