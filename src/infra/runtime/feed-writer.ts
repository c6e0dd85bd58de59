import { Decimal128, type Collection } from "mongodb";
import { type Feed, type FeedRow, type Recorded } from "../../domains/kernel";
import { Checkpoint, type MongoStores } from "../mongo";
import { type Handler } from "./handler";
import { floorOf, type Part, partitionName, partitionOf, WHOLE } from "./partitions";
import { PoisonEvent } from "./poison-event";
import { type Committed } from "./projection-writer";
import { Skips } from "./skips";

/** A row as it is stored: its cursor as key, its amount as an exact decimal that the database can add up. */
export interface StoredRow {
  readonly _id: string;
  readonly position: bigint;
  readonly month: string;
  readonly amount?: Decimal128;
  readonly [field: string]: unknown;
}

/** Rows written in one call to the database; a batch of large orders has many more. */
const CHUNK = 5_000;

/** Rows are not looked up one by one. */
const NO_DOCUMENTS: ReadonlyMap<string, never> = new Map<string, never>();

/** The cursor of a row: sorts as text in the order of the log, and of the rows within one event. */
export function rowCursor(position: bigint, seq: number): string {
  return `${position.toString(36).padStart(13, "0")}.${seq.toString(36).padStart(4, "0")}`;
}

/** What decides to which partition an event's rows belong: they stay together. */
const keyOf = ({ position }: Pick<Recorded, "position">): string => position.toString(36);

/**
 * Appends the rows of a feed, or of one partition of it; rows and checkpoint go in one transaction, so each event's rows
 * are there exactly once. Where there are several partitions, all rows are there as far as the last of them is.
 */
export class FeedWriter implements Handler {
  readonly types: readonly string[];
  private readonly place: Checkpoint;
  private readonly rows: Collection<StoredRow>;
  private skips = Skips.none;

  constructor(
    private readonly stores: MongoStores,
    private readonly feed: Feed,
    readonly target: string,
    private readonly committed: Committed = () => undefined,
    private readonly part: Part = WHOLE,
  ) {
    this.types = feed.events;
    this.place = new Checkpoint(stores, feed.context, partitionName(target, part.index, part.count));
    this.rows = stores.collection<StoredRow>(feed.context, target);
  }

  async claim(token: number): Promise<bigint> {
    const position = await this.place.claim(token);
    this.skips = await Skips.load(this.stores, this.feed.context, this.feed.name);
    return position;
  }

  async handle(events: readonly Recorded[], upTo: bigint): Promise<void> {
    let rows: StoredRow[] = [];
    for (const [index, event] of events.entries()) {
      if (this.skips.event(event) || !this.isOurs(event)) continue;
      let fresh: readonly FeedRow[];
      try {
        fresh = this.feed.rows(event);
      } catch (cause) {
        const before = events[index - 1];
        if (before) await this.commit(rows, before.position);
        throw new PoisonEvent(event, cause);
      }
      for (const [seq, row] of fresh.entries()) rows.push(storedRow(row, event.position, seq));
      if (rows.length >= CHUNK) {
        await this.commit(rows, event.position);
        rows = [];
      }
    }
    await this.commit(rows, upTo);
  }

  async checkpoint(position: bigint): Promise<void> {
    await this.place.advance(position);
  }

  async release(): Promise<void> {
    await this.place.release();
  }

  /** Whether this partition has the event's rows, and they are not there already from an earlier division. */
  private isOurs(event: Recorded): boolean {
    const key = keyOf(event);
    return partitionOf(key, this.part.count) === this.part.index && event.position > floorOf(key, this.part);
  }

  private async commit(rows: StoredRow[], position: bigint): Promise<void> {
    if (rows.length === 0) return this.checkpoint(position);
    await this.place.commit(position, (session) => this.rows.insertMany(rows, { session, ordered: false }));
    this.committed(NO_DOCUMENTS, position);
  }
}

/** A row as it is stored. */
export function storedRow(row: FeedRow, position: bigint, seq: number): StoredRow {
  const { occurredAt, amount } = row;
  return {
    _id: rowCursor(position, seq),
    position,
    month: typeof occurredAt === "string" ? occurredAt.slice(0, 7) : "",
    ...row,
    ...(typeof amount === "string" && { amount: Decimal128.fromString(amount) }),
  } as StoredRow;
}
