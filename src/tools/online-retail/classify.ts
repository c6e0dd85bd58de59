import { isCharge } from "./codes";
import { isMisfit, readLine, textOf, type Misfit } from "./line";
import { LineTable } from "./line-table";
import { isPositive, MonthPrices, type PricePoint } from "./month-prices";
import { type RawRow } from "./rows";
import { bestTitle, uniqueSlugs } from "./titles";

/** What becomes of a row. */
export const FATES = ["sale", "creditNote", "accountingAdjustment", "stockAdjustment", "setAside"] as const;
export type Fate = (typeof FATES)[number];

/** An article that the shop trades in. */
export interface Article {
  readonly code: string;
  readonly title: string;
  readonly slug: string;
  /** Its first line in the file, seconds since 1970. */
  readonly since: number;
  /** Oldest first; empty when it was never sold at a price. */
  readonly prices: readonly PricePoint[];
  /** The price it was most often sold at. */
  readonly typicalPrice: string | undefined;
}

export interface TradeDocument {
  readonly fate: "sale" | "creditNote" | "accountingAdjustment";
  readonly number: string;
  /** Of its first line, seconds since 1970; single lines may differ by some minutes. */
  readonly time: number;
  /** Places of its lines in the table, in the order of the file. */
  readonly lines: readonly number[];
}

/** Pieces that were lost, found or broken, in one line. */
export interface StockChange {
  readonly line: number;
  /** Which of its invoice's stock lines it is, from 0. */
  readonly ordinal: number;
}

/** Everything that the file says, sorted by what it is. Every row is in exactly one place. */
export interface Plan {
  readonly table: LineTable;
  readonly rows: number;
  readonly articles: readonly Article[];
  readonly documents: readonly TradeDocument[];
  readonly stockChanges: readonly StockChange[];
  readonly misfits: readonly Misfit[];
}

/** Sorts the whole file. Pure but for the reading: the same rows give the same plan. */
export async function classify(rows: AsyncIterable<RawRow> | Iterable<RawRow>): Promise<Plan> {
  const table = new LineTable();
  const misfits: Misfit[] = [];
  let count = 0;
  for await (const raw of rows) {
    count++;
    const line = readLine(raw);
    if (isMisfit(line)) misfits.push(line);
    else table.add(line);
  }
  const { documents, stockChanges, odd } = sortLines(table);
  return {
    table,
    rows: count,
    articles: articlesOf(table, documents, stockChanges),
    documents,
    stockChanges,
    misfits: [...misfits, ...odd].sort((a, b) => a.row - b.row),
  };
}

function sortLines(table: LineTable) {
  const documents: TradeDocument[] = [];
  const stockChanges: StockChange[] = [];
  const odd: Misfit[] = [];
  const invoices = table.byInvoice();
  for (let invoice = 0; invoice < invoices.count; invoice++) {
    const number = table.invoices.text(invoice);
    const lines: number[] = [];
    let head: number | undefined;
    let ordinal = 0;
    for (const line of invoices.of(invoice)) {
      head ??= line;
      const verdict = fateOf(table, number, line, head);
      if (typeof verdict !== "string")
        odd.push({ row: table.at("row", line), text: lineText(table, line), ...verdict });
      else if (verdict === "stockAdjustment") stockChanges.push({ line, ordinal: ordinal++ });
      else lines.push(line);
    }
    const fate = documentKind(number);
    const [first] = lines;
    if (fate !== undefined && first !== undefined)
      documents.push({ fate, number, time: table.at("time", first), lines });
  }
  return { documents, stockChanges, odd };
}

/** `C…` takes a sale back, `A…` corrects the books, a bare number is a sale. */
function documentKind(number: string): TradeDocument["fate"] | undefined {
  if (/^\d/.test(number)) return "sale";
  if (number.startsWith("C")) return "creditNote";
  if (number.startsWith("A")) return "accountingAdjustment";
  return undefined;
}

type Verdict = Exclude<Fate, "setAside"> | { readonly reason: string };

/** What a line is; `head` is its invoice's first line. */
function fateOf(table: LineTable, number: string, line: number, head: number): Verdict {
  const kind = documentKind(number);
  if (kind === undefined) return { reason: "the invoice number begins with an unknown letter" };
  if (table.at("customer", line) !== table.at("customer", head))
    return { reason: "its customer is not that of the invoice's first row" };
  if (table.at("country", line) !== table.at("country", head))
    return { reason: "its country is not that of the invoice's first row" };
  const quantity = table.quantity(line);
  if (quantity === 0) return { reason: "the quantity is 0" };
  if (Math.abs(quantity) > 1_000_000) return { reason: "the quantity is more than 1,000,000" };
  if (kind === "accountingAdjustment") return kind;
  const price = table.unitPrices.text(table.at("unitPrice", line));
  if (price.startsWith("-")) return { reason: "the unit price is negative outside an accounting adjustment" };
  if (kind === "creditNote") return quantity < 0 ? kind : { reason: "a positive quantity on a credit note" };
  if (quantity > 0) return kind;
  if (isPositive(price)) return { reason: "a negative quantity with a price outside a credit note" };
  return isCharge(codeText(table, line)) ? { reason: "a negative quantity of a service" } : "stockAdjustment";
}

interface Names {
  since: number;
  readonly paid: Map<string, number>;
  readonly unpaid: Map<string, number>;
}

/** Every code of goods that a line bears, in the order of first appearance. */
function articlesOf(table: LineTable, documents: readonly TradeDocument[], stock: readonly StockChange[]): Article[] {
  const prices = new MonthPrices(table);
  const names = new Map<number, Names>();
  const see = (line: number): void => {
    const code = table.at("code", line);
    if (isCharge(table.codes.text(code))) return;
    let known = names.get(code);
    if (!known) names.set(code, (known = { since: Infinity, paid: new Map(), unpaid: new Map() }));
    known.since = Math.min(known.since, table.at("time", line));
    const tally = isPositive(table.unitPrices.text(table.at("unitPrice", line))) ? known.paid : known.unpaid;
    const text = table.descriptions.text(table.at("description", line));
    tally.set(text, (tally.get(text) ?? 0) + 1);
  };
  for (const { fate, lines } of documents) {
    lines.forEach(see);
    if (fate === "sale") lines.forEach((line) => prices.add(line));
  }
  for (const { line } of stock) see(line);
  const found = [...names].sort(([a, { since }], [b, { since: other }]) => since - other || a - b);
  const titled = found.map(([number, { since, paid, unpaid }]) => {
    const code = table.codes.text(number);
    return { number, code, since, title: bestTitle(code, paid, unpaid) };
  });
  const slugs = uniqueSlugs(titled);
  return titled.map(({ number, code, since, title }, index) => ({
    code,
    title,
    slug: slugs[index] as string,
    since,
    prices: prices.of(number),
    typicalPrice: prices.typical(number),
  }));
}

const codeText = (table: LineTable, line: number): string => table.codes.text(table.at("code", line));

function lineText(table: LineTable, index: number): string {
  const { invoice, code, description, quantity, time, unitPrice, customer, country } = table.line(index);
  const date = new Date(time * 1000).toISOString().slice(0, 19).replace("T", " ");
  return textOf([invoice, code, description, String(quantity), date, unitPrice, customer, country]);
}
