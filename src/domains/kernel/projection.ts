import { type DomainEvent, type Recorded } from "./events";

/** A document of a read model; `_id` is its key. */
export interface Document {
  readonly _id: string;
}

/** The documents a projection has at hand while an event is folded. */
export type Lookup<D extends Document> = (id: string) => D | undefined;

/**
 * A read model as pure functions. The runtime gives it every event of the types in `events`, in log order, exactly
 * once, and keeps the documents in the collection `<name>_v<version>` of the database of `context`.
 */
export interface Projection<D extends Document, E extends DomainEvent = DomainEvent> {
  readonly name: string;
  readonly context: string;
  /** Raise it when the shape or meaning of the documents changes: the new version is built beside the old one. */
  readonly version: number;
  readonly events: readonly E["type"][];
  /** Those of the events with which a document begins: it is not looked for. */
  readonly begins?: readonly E["type"][];
  readonly indexes?: readonly Index[];
  /**
   * Each document follows from its own events alone: the event by itself tells which documents it touches, and nothing
   * looks at another document than the one that is folded. Such a read model can be divided into partitions.
   */
  readonly independent?: true;
  /**
   * Ids of the documents the event touches, in the order in which they are folded. Called with documents found so
   * far, so that one document can lead to another (a price names a SKU; the SKU's document names the product).
   */
  ids(event: Recorded<E>, lookup: Lookup<D>): readonly string[];
  /** The document after the event; `undefined` removes it (or leaves it missing). `lookup` reads the related ones. */
  apply(document: D | undefined, event: Recorded<E>, id: string, lookup: Lookup<D>): D | undefined;
  /**
   * The streams that a document is made of, as far as it tells itself: it is explained by them, without a look at the
   * whole log, where they lead to the same document.
   */
  sources?(document: D): readonly string[];
}

export interface Index {
  readonly key: Readonly<Record<string, 1 | -1 | "text">>;
  readonly unique?: boolean;
  readonly partialFilterExpression?: Readonly<Record<string, unknown>>;
  readonly weights?: Readonly<Record<string, number>>;
  readonly name?: string;
}

/** What a feed's rows may hold. Decimal amounts are text; `quantity` is a whole number. */
export type FeedValue = string | number | boolean | null | readonly FeedValue[] | { readonly [key: string]: FeedValue };
export type FeedRow = Readonly<Record<string, FeedValue>>;

/** One amount of a row, summed per currency by the feed's summary. */
export interface FeedMeasure {
  readonly amount: string;
  readonly currency: string;
}

/**
 * An append-only table for analysts: each event gives zero or more rows, never changed afterwards. The runtime adds
 * `position` (log position), `seq` (the row's number within its event) and the cursor.
 * `measure` names what the summary adds up; `dimensions` are the fields that it can group by (`month` is derived from
 * `occurredAt` by the runtime).
 */
export interface Feed<E extends DomainEvent = DomainEvent> {
  readonly name: string;
  readonly context: string;
  readonly version: number;
  readonly description: string;
  readonly events: readonly E["type"][];
  readonly dimensions: readonly string[];
  /** Rows must carry `occurredAt`; may carry `quantity` (whole number), `amount` (decimal text) with `currency`. */
  rows(event: Recorded<E>): readonly FeedRow[];
}
