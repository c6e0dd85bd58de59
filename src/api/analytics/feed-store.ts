import Big from "big.js";
import { type Collection, type Filter } from "mongodb";
import { display, type Feed } from "../../domains/kernel";
import { rowCursor, type ReadModel, type StoredRow } from "../../infra/runtime";

/** Rows fetched from the database at a time while a feed streams. */
const PAGE = 1_000;
/** Of these at a time: answers of many megabytes are slow to cross. */
const BATCH = 500;

export interface SummaryGroup {
  readonly key: string | null;
  readonly rows: number;
  readonly quantity: number;
  /** Exact sums, by currency. */
  readonly amounts: Readonly<Record<string, string>>;
}

export interface Summary {
  readonly feed: string;
  readonly position: string;
  readonly groups: readonly SummaryGroup[];
  readonly total: Omit<SummaryGroup, "key">;
}

/** What to sum: rows from/until a business time, with the given values in the given dimensions. */
export interface SummaryQuery {
  readonly groupBy: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** By dimension: the values as they may be stored. */
  readonly where: Readonly<Record<string, readonly string[]>>;
}

/** A feed as analysts read it. */
export class FeedStore {
  constructor(
    readonly feed: Feed,
    readonly model: ReadModel,
  ) {}

  /** The fields that a summary can group by and filter on. */
  get dimensions(): readonly string[] {
    return ["month", ...this.feed.dimensions];
  }

  /**
   * Rows after a cursor in log order, in pages, up to where all of them are there: several partitions of a feed may be
   * ahead of one another. So, to those who read, rows are only ever added at the end, each under a cursor that never
   * changes, and whoever goes on after the last cursor seen misses none and sees none twice.
   */
  async *rows(after: string | undefined, limit: number, signal: AbortSignal): AsyncGenerator<readonly object[]> {
    let cursor = after;
    for (let left = limit; left > 0 && !signal.aborted;) {
      const page = await this.collection
        .find({ _id: { ...(cursor !== undefined && { $gt: cursor }), $lt: this.end } })
        .sort({ _id: 1 })
        .limit(Math.min(PAGE, left))
        .batchSize(BATCH)
        .toArray();
      const last = page.at(-1);
      if (!last) return;
      yield (await this.model.opened(page)).map(wireRow);
      cursor = last._id;
      left -= page.length;
    }
  }

  count(): Promise<number> {
    return this.collection.estimatedDocumentCount();
  }

  /** Sums over all rows up to the position that the feed has reached now. */
  async summary({ groupBy, from, to, where }: SummaryQuery): Promise<Summary> {
    const { position } = this.model;
    const match: Record<string, unknown> = { _id: { $lt: endOf(position) } };
    for (const [name, values] of Object.entries(where)) match[name] = { $in: values };
    if (from !== undefined || to !== undefined)
      match["occurredAt"] = {
        ...(from !== undefined && { $gte: asStored(from) }),
        ...(to !== undefined && { $lt: asStored(to) }),
      };
    const sums = await this.collection
      .aggregate<{ _id: { key?: string | null; currency?: string }; rows: number; quantity: number; amount: object }>(
        [
          { $match: match as Filter<StoredRow> },
          {
            $group: {
              _id: { ...(groupBy !== undefined && { key: `$${groupBy}` }), currency: "$currency" },
              rows: { $sum: 1 },
              quantity: { $sum: "$quantity" },
              amount: { $sum: "$amount" },
            },
          },
        ],
        { allowDiskUse: true },
      )
      .toArray();
    const groups = new Map<string | null, Sums>();
    const total = new Sums();
    // Those who are forgotten are one group, with those who never said who they are.
    const keys = await this.model.opened(sums.map(({ _id }) => _id.key ?? null));
    for (const [index, { _id, rows, quantity, amount }] of sums.entries()) {
      const key = keys[index] ?? null;
      let group = groups.get(key);
      if (!group) groups.set(key, (group = new Sums()));
      for (const each of [group, total]) each.add(rows, Number(quantity), _id.currency, String(amount));
    }
    return {
      feed: this.feed.name,
      position: position.toString(),
      groups:
        groupBy === undefined
          ? []
          : [...groups]
              .sort(byKey)
              .map(([key, group]) => ({ key: key === null ? null : String(key), ...group.view() })),
      total: total.view(),
    };
  }

  private get end(): string {
    return endOf(this.model.position);
  }

  private get collection(): Collection<StoredRow> {
    return this.model.collection as unknown as Collection<StoredRow>;
  }
}

/** Before the rows of whatever comes after the position. */
const endOf = (position: bigint): string => rowCursor(position + 1n, 0);

/** Sums of one group; amounts exact. */
class Sums {
  private rows = 0;
  private quantity = 0;
  private readonly amounts = new Map<string, Big>();

  add(rows: number, quantity: number, currency: string | undefined, amount: string): void {
    this.rows += rows;
    this.quantity += quantity;
    if (typeof currency === "string") this.amounts.set(currency, (this.amounts.get(currency) ?? Big(0)).plus(amount));
  }

  view(): Omit<SummaryGroup, "key"> {
    const amounts = [...this.amounts].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      rows: this.rows,
      quantity: this.quantity,
      amounts: Object.fromEntries(amounts.map(([currency, sum]) => [currency, display(sum.toFixed(), currency)])),
    };
  }
}

/** A moment as the rows have it, so that text order is time order. */
const asStored = (moment: string): string => new Date(moment).toISOString();

const byKey = ([a]: readonly [string | null, unknown], [b]: readonly [string | null, unknown]): number =>
  a === b ? 0 : a === null ? 1 : b === null ? -1 : a < b ? -1 : 1;

function wireRow({ _id, position, amount, month: _, ...row }: StoredRow): object {
  return {
    cursor: _id,
    position: position.toString(),
    ...row,
    ...(amount !== undefined && { amount: Big(amount.toString()).toFixed() }),
  };
}
