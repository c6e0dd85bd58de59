import { type Document, type Lookup, type Projection, type Recorded } from "../../domains/kernel";
import { type Scratch, SpillingMap } from "./scratch";

/** Where an event is in the log. */
export interface EventPlace {
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly position: string;
}

export const placeOf = ({ stream, revision, type, position }: Recorded): EventPlace => ({
  stream,
  revision,
  type,
  position: position.toString(),
});

/** A document as the events make it, `null` where they remove it, and the last event that changed it. */
export interface Folded<D extends Document = Document> {
  readonly document: D | null;
  readonly last: EventPlace;
}

/**
 * A projection folded over the log by nothing but its own pure functions: what its documents should be. Shares no code
 * with what writes them.
 */
export class ProjectionFold<D extends Document = Document> {
  /** Documents there are. */
  size = 0;
  private readonly documents: SpillingMap<Folded<D>>;

  constructor(
    private readonly projection: Projection<D>,
    scratch: Scratch,
    inMemory?: number,
  ) {
    this.documents = new SpillingMap(scratch, inMemory);
  }

  readonly lookup: Lookup<D> = (id) => this.documents.get(id)?.document ?? undefined;

  /**
   * @param wanted which of the documents take it; all when absent
   * @returns the ids of the documents that the event touches. @throws what the projection throws
   */
  fold(event: Recorded, wanted?: (id: string) => boolean): readonly string[] {
    const ids = this.projection.ids(event, this.lookup);
    for (const id of ids) {
      if (wanted && !wanted(id)) continue;
      const document = this.lookup(id);
      const next = this.projection.apply(document, event, id, this.lookup);
      if (next === document) continue;
      this.size += (next === undefined ? 0 : 1) - (document === undefined ? 0 : 1);
      this.documents.set(id, { document: next ?? null, last: placeOf(event) });
    }
    return ids;
  }

  /** `undefined`: no event has ever changed it. */
  get(id: string): Folded<D> | undefined {
    return this.documents.get(id);
  }

  /** Those that there are. */
  *all(): Generator<readonly [id: string, folded: Folded<D> & { readonly document: D }]> {
    for (const [id, folded] of this.documents.entries())
      if (folded.document !== null) yield [id, folded as Folded<D> & { document: D }];
  }
}
