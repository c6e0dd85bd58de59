import { sum, timesWhole } from "../../domains/kernel";
import { FATES, type Fate, type Plan } from "./classify";
import { type Misfit } from "./line";
import { type LineTable } from "./line-table";

/** New: written now; known: there already, as it is in the file; different: there already, with other content. */
export interface Novelty {
  readonly new: number;
  readonly known: number;
  readonly different: number;
}

/** What the import has done. */
export interface Outcome {
  readonly documents: Novelty;
  readonly stockChanges: Novelty;
  readonly setAside: Novelty;
  readonly articles: { readonly new: number; readonly known: number; readonly elsewhere: number };
  readonly prices: { readonly new: number; readonly known: number };
  /** Numbers of documents that are there with other content; they stay as they are. */
  readonly different: readonly string[];
  readonly events: number;
  readonly milliseconds: number;
}

export interface Report extends Outcome {
  readonly file: string;
  readonly rows: number;
  readonly fates: Readonly<Record<Fate, number>>;
  /** Quantity × unit price of the rows that can be read, exact. */
  readonly amount: string;
  /** The same of the sales, credit notes and adjustments alone; what `order-lines` must add up to. */
  readonly traded: string;
  readonly misfits: readonly Misfit[];
}

export function reportOf(file: string, plan: Plan, outcome: Outcome): Report {
  const { table, rows, misfits } = plan;
  return {
    ...outcome,
    file,
    rows,
    fates: fatesOf(plan),
    amount: amountOf(table, everyLine(table)),
    traded: amountOf(table, tradedLines(plan)),
    misfits,
  };
}

function fatesOf({ documents, stockChanges, misfits }: Plan): Record<Fate, number> {
  const fates = { sale: 0, creditNote: 0, accountingAdjustment: 0, stockAdjustment: stockChanges.length, setAside: misfits.length }; // prettier-ignore
  for (const { fate, lines } of documents) fates[fate] += lines.length;
  return fates;
}

/** Adds up quantities by price first: half a million lines have some thousand prices. */
export function amountOf(table: LineTable, lines: Iterable<number>): string {
  const quantities = new Map<number, number>();
  for (const line of lines) {
    const price = table.at("unitPrice", line);
    quantities.set(price, (quantities.get(price) ?? 0) + table.quantity(line));
  }
  return sum([...quantities].map(([price, quantity]) => timesWhole(table.unitPrices.text(price), quantity)));
}

function* everyLine(table: LineTable): Generator<number> {
  for (let line = 0; line < table.length; line++) yield line;
}

function* tradedLines({ documents }: Plan): Generator<number> {
  for (const { lines } of documents) yield* lines;
}

const FATE_NAMES: Readonly<Record<Fate, string>> = {
  sale: "sale",
  creditNote: "credit note",
  accountingAdjustment: "accounting adjustment",
  stockAdjustment: "stock adjustment",
  setAside: "set aside",
};

/** Rows set aside that are shown; of more the rest is counted. All are kept in the log. */
const SHOWN = 20;

/** The report for people. */
export function reportText(report: Report): string {
  const { documents, articles, prices, stockChanges } = report;
  const seconds = report.milliseconds / 1000;
  const lines = [
    `${report.file}: ${count(report.rows)} rows`,
    ...FATES.map((fate) => field(FATE_NAMES[fate], `${count(report.fates[fate])} rows`)),
    field("amount", `${report.amount} GBP (quantity × unit price of all rows)`),
    ...(report.traded === report.amount
      ? []
      : [field("of it traded", `${report.traded} GBP (without rows set aside)`)]),
    field("documents", novelty(documents)),
    field("stock changes", novelty(stockChanges)),
    field("articles", `${count(articles.new)} new, ${count(articles.known)} known` + elsewhere(articles.elsewhere)),
    field("prices", `${count(prices.new)} new, ${count(prices.known)} known`),
    field("events", `${count(report.events)} written`),
    field("time", `${seconds.toFixed(1)} s, ${count(Math.round(report.rows / Math.max(seconds, 0.001)))} rows/s`),
    ...shown("Documents known with other content; they stay as they are", report.different),
    ...shown(
      "Rows set aside",
      report.misfits.map(({ row, reason, text }) => `row ${row}: ${reason}: ${text}`),
    ),
  ];
  return `${lines.join("\n")}\n`;
}

const field = (name: string, value: string): string => `  ${name.padEnd(22)}${value}`;

const novelty = (of: Novelty): string =>
  `${count(of.new)} new, ${count(of.known)} known` +
  (of.different > 0 ? `, ${count(of.different)} known with other content` : "");

const elsewhere = (number: number): string =>
  number > 0 ? `, ${count(number)} whose code is the SKU of another product` : "";

function shown(heading: string, texts: readonly string[]): string[] {
  if (texts.length === 0) return [];
  const more = texts.length - SHOWN;
  return [
    `${heading}:`,
    ...texts.slice(0, SHOWN).map((text) => `  ${printable(text).slice(0, 300)}`),
    ...(more > 0 ? [`  … and ${count(more)} more`] : []),
  ];
}

const printable = (text: string): string => text.replace(/\p{Cc}/gu, "·");

/** `541,909` */
const count = (number: number): string => number.toLocaleString("en-GB");
