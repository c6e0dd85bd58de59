import { type Feed, type Recorded } from "../../domains/kernel";
import { messageOf } from "../eventstore";
import { type MongoStores } from "../mongo";
import { rowCursor, Skips, type StoredRow, storedRow } from "../runtime";
import { type EventPlace, placeOf } from "./fold";
import { type ModelReport, Tally } from "./model-report";
import { documentsOf, withStored } from "./stored";

interface Expected {
  readonly row: StoredRow;
  readonly event: EventPlace;
}

/** Rows of one event at most, for the end of a range of rows. */
export const LAST_SEQ = 36 ** 4 - 1;

/**
 * Compares a feed's rows with what its events give. Rows never change once they are there, so the log and the rows are
 * read side by side, page by page.
 */
export class FeedCheck {
  readonly kind = "feed" as const;
  readonly name: string;
  readonly types: ReadonlySet<string>;
  /** Rows of events up to here are compared. */
  goal = -1n;
  /** Up to here they have been. */
  position = -1n;
  private target: string | undefined;
  private skips = Skips.none;
  private reason: string | undefined;
  private failure: string | undefined;
  private expected: Expected[] = [];
  private readonly tally = new Tally();

  constructor(
    private readonly feed: Feed,
    private readonly stores: MongoStores,
  ) {
    this.name = `${feed.context}.${feed.name}`;
    this.types = new Set(feed.events);
  }

  async aim(): Promise<void> {
    const { feed } = this;
    await withStored(this.stores, feed, (stored) => {
      this.reason = undefined;
      if (!stored) this.reason = "nothing has built it yet";
      else if (stored.version !== feed.version)
        this.reason = `version ${stored.version} serves, and this is version ${feed.version}`;
      else [this.target, this.goal, this.skips] = [stored.target, stored.position, stored.skips];
      return Promise.resolve();
    });
  }

  see(event: Recorded): void {
    if (this.failure !== undefined || event.position <= this.position || event.position > this.goal) return;
    if (this.skips.event(event)) return;
    try {
      for (const [seq, row] of this.feed.rows(event).entries())
        this.expected.push({ row: storedRow(row, event.position, seq), event: placeOf(event) });
    } catch (error) {
      const { stream, revision, type } = placeOf(event);
      this.failure = `${type} at ${stream}@${revision} gives no rows: ${messageOf(error)}`;
    }
  }

  /** Everything up to the position has been seen: compares it with the rows that are stored. */
  async pageEnds(upTo: bigint): Promise<void> {
    const end = upTo < this.goal ? upTo : this.goal;
    if (this.target === undefined || this.failure !== undefined || end <= this.position) return;
    const { expected, tally } = this;
    const expectedById = new Map(expected.map((each) => [each.row._id, each]));
    const after = this.position < 0n ? "" : rowCursor(this.position, LAST_SEQ);
    const range = { $gt: after, $lte: rowCursor(end, LAST_SEQ) };
    for await (const row of documentsOf<StoredRow>(this.stores, this.feed.context, this.target, { ids: range })) {
      const match = expectedById.get(row._id);
      expectedById.delete(row._id);
      tally.compare(row._id, row, match?.row, () => match?.event ?? null);
    }
    for (const [id, { row, event }] of expectedById) tally.compare(id, undefined, row, () => event);
    this.expected = [];
    this.position = end;
  }

  async finish(): Promise<ModelReport> {
    const { failure, target, tally } = this;
    if (target !== undefined) {
      const gone = await withStored(this.stores, this.feed, (stored) =>
        Promise.resolve(stored?.target !== target && stored?.previous?.target !== target),
      );
      if (gone) this.reason = "it was rebuilt more than once while it was looked at";
    }
    const { reason } = this;
    const status = reason ? "skipped" : failure ? "failed" : tally.differing > 0 ? "different" : "same";
    const { documents, differing, first } = tally;
    return {
      name: this.name,
      kind: this.kind,
      status,
      reason: reason ?? failure ?? null,
      target: target ?? null,
      position: target === undefined ? null : this.goal.toString(),
      documents,
      differing,
      skipped: this.skips.size,
      first,
    };
  }
}
