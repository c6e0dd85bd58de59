import { type Collection } from "mongodb";
import { type Document, type Lookup, type Projection, type Recorded } from "../../domains/kernel";

/** Thrown out of a pure function that asked for a document not at hand; it is fetched and the event folded again. */
class NeedsDocument {
  constructor(readonly id: string) {}
}

/** Documents of a collection that stands still, and what further events make of them; writes nothing. */
export class Overlay<D extends Document = Document> {
  /** What the events touched, and what they looked at on the way. */
  private readonly documents = new Map<string, D | undefined>();
  /** Ids of the documents that the events touched. */
  readonly touched = new Set<string>();

  constructor(
    private readonly projection: Projection<D>,
    private readonly base: Collection<D>,
  ) {}

  /** @param wanted which of the documents take it. @throws what the projection throws */
  async fold(event: Recorded, wanted: (id: string) => boolean): Promise<void> {
    await this.withDocuments((lookup, undo) => {
      const ids = this.projection.ids(event, lookup).filter(wanted);
      for (const id of ids) {
        const document = lookup(id);
        const next = this.projection.apply(document, event, id, lookup);
        if (!undo.has(id)) undo.set(id, document);
        this.documents.set(id, next);
      }
      for (const id of ids) this.touched.add(id);
    });
  }

  /** Takes note of what the event touches, and changes nothing. @throws what the projection throws */
  async note(event: Recorded, wanted: (id: string) => boolean): Promise<void> {
    await this.withDocuments((lookup) => {
      for (const id of this.projection.ids(event, lookup).filter(wanted)) this.touched.add(id);
    });
  }

  get(id: string): D | undefined {
    return this.documents.get(id);
  }

  private async withDocuments(run: (lookup: Lookup<D>, undo: Map<string, D | undefined>) => void): Promise<void> {
    const lookup: Lookup<D> = (id) => {
      if (!this.documents.has(id)) throw new NeedsDocument(id);
      return this.documents.get(id);
    };
    for (;;) {
      const undo = new Map<string, D | undefined>();
      try {
        return run(lookup, undo);
      } catch (need) {
        for (const [id, document] of undo) this.documents.set(id, document);
        if (!(need instanceof NeedsDocument)) throw need;
        const found = await this.base.findOne({ _id: need.id } as never);
        this.documents.set(need.id, (found ?? undefined) as D | undefined);
      }
    }
  }
}
