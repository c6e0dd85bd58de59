import { isCharge } from "./codes";
import { type LineTable } from "./line-table";

/** A price of an article, from a moment on (seconds since 1970). */
export interface PricePoint {
  /** `2011-03` */
  readonly month: string;
  readonly from: number;
  readonly amount: string;
}

interface Seen {
  count: number;
  first: number;
}

/** Month number → price number → how often and since when. */
type Months = Map<number, Map<number, Seen>>;

/**
 * Every article's price history as its sales tell it. A wholesaler sells at several prices at once (by quantity, by
 * customer); an article's price of a month is the one it was most often sold at, valid from its first sale at it in
 * that month, and a new entry only where it is not the month's before. Keyed by the code's number in the table.
 */
export class MonthPrices {
  private readonly articles = new Map<number, Months>();

  constructor(private readonly table: LineTable) {}

  /** Counts a line of a sale; lines without a price and charges do not count. */
  add(index: number): void {
    const { table } = this;
    const price = table.at("unitPrice", index);
    const code = table.at("code", index);
    if (!isPositive(table.unitPrices.text(price)) || isCharge(table.codes.text(code))) return;
    const time = table.at("time", index);
    const months = child(this.articles, code, (): Months => new Map());
    const prices = child(months, monthNumber(time), () => new Map<number, Seen>());
    const seen = child(prices, price, () => ({ count: 0, first: time }));
    seen.count++;
    seen.first = Math.min(seen.first, time);
  }

  /** Oldest first. */
  of(code: number): PricePoint[] {
    const months = [...(this.articles.get(code) ?? [])].sort(([a], [b]) => a - b);
    const points: PricePoint[] = [];
    for (const [month, prices] of months) {
      const [price, { first }] = mostFrequent(prices);
      const amount = this.table.unitPrices.text(price);
      if (points.at(-1)?.amount !== amount) points.push({ month: monthText(month), from: first, amount });
    }
    return points;
  }

  /** The price that an article was most often sold at in the whole time, if it was ever sold. */
  typical(code: number): string | undefined {
    const all = new Map<number, Seen>();
    for (const prices of this.articles.get(code)?.values() ?? []) {
      for (const [price, { count, first }] of prices) {
        const seen = child(all, price, () => ({ count: 0, first }));
        seen.count += count;
        seen.first = Math.min(seen.first, first);
      }
    }
    return all.size === 0 ? undefined : this.table.unitPrices.text(mostFrequent(all)[0]);
  }
}

/** On a tie the price seen earlier, and at the same moment the one that came first in the file. */
function mostFrequent(prices: ReadonlyMap<number, Seen>): [number, Seen] {
  const [best] = [...prices].sort(([, a], [, b]) => b.count - a.count || a.first - b.first);
  return best as [number, Seen];
}

export const isPositive = (amount: string): boolean => !amount.startsWith("-") && amount !== "0";

function child<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** Months since 1970. */
function monthNumber(seconds: number): number {
  const date = new Date(seconds * 1000);
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
}

const monthText = (month: number): string => new Date(Date.UTC(1970, month)).toISOString().slice(0, 7);
