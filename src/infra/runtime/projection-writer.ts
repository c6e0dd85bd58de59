import { LRUCache } from "lru-cache";
import { type AnyBulkWriteOperation, type Collection } from "mongodb";
import { type Document, type Lookup, type Projection, type Recorded } from "../../domains/kernel";
import { Checkpoint, type MongoStores } from "../mongo";
import { PoisonEvent, type Handler } from "./consumer";

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

/** Folds events into the documents of one read model, and writes documents and checkpoint in one transaction. */
export class ProjectionWriter<D extends Document> implements Handler {
  readonly types: readonly string[];
  private readonly place: Checkpoint;
  private readonly documents: Collection<D>;
  private readonly kept = new LRUCache<string, { readonly document: D | undefined }>({ max: KEPT_DOCUMENTS });

  constructor(
    stores: MongoStores,
    private readonly projection: Projection<D>,
    /** Name of the collection the documents go to; also the checkpoint's name. */
    readonly target: string,
    private readonly committed: Committed<D> = () => undefined,
  ) {
    this.types = projection.events;
    this.place = new Checkpoint(stores, projection.context, target);
    this.documents = stores.collection<D>(projection.context, target);
  }

  async claim(token: number): Promise<bigint> {
    this.kept.clear();
    for (const { key, ...options } of this.projection.indexes ?? [])
      await this.documents.createIndex({ ...key }, options);
    return this.place.claim(token);
  }

  async handle(events: readonly Recorded[], upTo: bigint): Promise<void> {
    const working = new Map<string, D | undefined>();
    const changed = new Set<string>();
    await this.preload(events, working);
    let done = 0;
    let poison: PoisonEvent | undefined;
    for (const event of events) {
      try {
        await this.fold(event, working, changed);
        done++;
      } catch (cause) {
        poison = new PoisonEvent(event, cause);
        break;
      }
    }
    const position = poison ? events[done - 1]?.position : upTo;
    if (position !== undefined) await this.commit(working, changed, position);
    if (poison) throw poison;
  }

  async checkpoint(position: bigint): Promise<void> {
    await this.place.advance(position);
  }

  async release(): Promise<void> {
    await this.place.release();
  }

  /** Fetches in one go what the batch is likely to need. */
  private async preload(events: readonly Recorded[], working: Map<string, D | undefined>): Promise<void> {
    const lookup: Lookup<D> = (id) => working.get(id) ?? this.kept.get(id)?.document;
    const begins = this.projection.begins ?? [];
    try {
      for (const event of events)
        if (begins.includes(event.type))
          for (const id of this.projection.ids(event, lookup)) if (!this.known(id, working)) working.set(id, undefined);
    } catch {
      return; // the fold meets the same event again and reports it
    }
    for (let hop = 0; hop < 2; hop++) {
      const wanted = new Set<string>();
      for (const event of events) {
        try {
          for (const id of this.projection.ids(event, lookup)) wanted.add(id);
        } catch {
          return; // the fold meets the same event again and reports it
        }
      }
      const missing = [...wanted].filter((id) => !this.known(id, working));
      if (missing.length === 0) return;
      await this.fetch(missing, working);
    }
  }

  private async fold(event: Recorded, working: Map<string, D | undefined>, changed: Set<string>): Promise<void> {
    const lookup: Lookup<D> = (id) => {
      if (!this.known(id, working)) throw new NeedsDocument(id);
      return working.get(id);
    };
    for (;;) {
      const before = new Map<string, D | undefined>();
      try {
        for (const id of this.projection.ids(event, lookup)) {
          const document = lookup(id);
          const next = this.projection.apply(document, event, id, lookup);
          if (next !== document) {
            if (!before.has(id)) before.set(id, document);
            working.set(id, next);
          }
        }
        for (const id of before.keys()) changed.add(id);
        return;
      } catch (need) {
        for (const [id, document] of before) working.set(id, document);
        if (!(need instanceof NeedsDocument)) throw need;
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

  private async commit(
    working: ReadonlyMap<string, D | undefined>,
    changed: ReadonlySet<string>,
    position: bigint,
  ): Promise<void> {
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
