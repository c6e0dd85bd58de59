import { type Line } from "./line";

/** Gives each distinct text a number, in the order of their first appearance. */
class Words {
  private readonly numbers = new Map<string, number>();
  private readonly texts: string[] = [];

  number(text: string): number {
    const known = this.numbers.get(text);
    if (known !== undefined) return known;
    const next = this.texts.length;
    this.numbers.set(text, next);
    this.texts.push(text);
    return next;
  }

  text(number: number): string {
    return this.texts[number] as string;
  }

  get size(): number {
    return this.texts.length;
  }

  /** Every text, once. */
  all(): readonly string[] {
    return this.texts;
  }
}

const COLUMNS = ["row", "invoice", "code", "description", "time", "unitPrice", "customer", "country"] as const;
type Column = (typeof COLUMNS)[number];

/**
 * Every line of the file in columns of numbers: 36 bytes a line, where objects would take some hundreds. A year of
 * trade (half a million lines) stays below 40 MB, so that the import can look at the whole of it: an invoice's lines
 * need not lie together, and an article's best name is known only at the end.
 */
export class LineTable {
  readonly invoices = new Words();
  readonly codes = new Words();
  readonly descriptions = new Words();
  readonly unitPrices = new Words();
  readonly customers = new Words();
  readonly countries = new Words();
  private capacity = 1 << 14;
  private columns = Object.fromEntries(
    COLUMNS.map((name) => [name, new Uint32Array(this.capacity)]),
  ) as Record<Column, Uint32Array>; // prettier-ignore
  private quantities = new Int32Array(this.capacity);
  private count = 0;

  get length(): number {
    return this.count;
  }

  add(line: Line): void {
    if (this.count === this.capacity) this.grow();
    const { columns, count } = this;
    columns.row[count] = line.row;
    columns.invoice[count] = this.invoices.number(line.invoice);
    columns.code[count] = this.codes.number(line.code);
    columns.description[count] = this.descriptions.number(line.description);
    columns.time[count] = line.time;
    columns.unitPrice[count] = this.unitPrices.number(line.unitPrice);
    columns.customer[count] = this.customers.number(line.customer);
    columns.country[count] = this.countries.number(line.country);
    this.quantities[count] = line.quantity;
    this.count++;
  }

  /** A number of one line; texts are given by their number in the table's word lists. */
  at(column: Column, index: number): number {
    return this.columns[column][index] as number;
  }

  quantity(index: number): number {
    return this.quantities[index] as number;
  }

  line(index: number): Line {
    return {
      row: this.at("row", index),
      invoice: this.invoices.text(this.at("invoice", index)),
      code: this.codes.text(this.at("code", index)),
      description: this.descriptions.text(this.at("description", index)),
      quantity: this.quantity(index),
      time: this.at("time", index),
      unitPrice: this.unitPrices.text(this.at("unitPrice", index)),
      customer: this.customers.text(this.at("customer", index)),
      country: this.countries.text(this.at("country", index)),
    };
  }

  /**
   * The lines of each invoice, invoices in the order of their first line, lines in the order of the file, wherever in
   * the file they lie (a counting sort).
   */
  byInvoice(): Groups {
    const starts = new Uint32Array(this.invoices.size + 1);
    const { invoice } = this.columns;
    for (let i = 0; i < this.count; i++) starts[(invoice[i] as number) + 1]! += 1; // eslint-disable-line @typescript-eslint/no-non-null-assertion
    for (let i = 1; i < starts.length; i++) starts[i] = (starts[i] as number) + (starts[i - 1] as number);
    const next = starts.slice();
    const lines = new Uint32Array(this.count);
    for (let i = 0; i < this.count; i++) {
      const group = invoice[i] as number;
      const place = next[group] as number;
      lines[place] = i;
      next[group] = place + 1;
    }
    return { count: this.invoices.size, of: (group) => lines.subarray(starts[group], starts[group + 1]) };
  }

  private grow(): void {
    this.capacity *= 2;
    for (const name of COLUMNS) {
      const wider = new Uint32Array(this.capacity);
      wider.set(this.columns[name]);
      this.columns[name] = wider;
    }
    const wider = new Int32Array(this.capacity);
    wider.set(this.quantities);
    this.quantities = wider;
  }
}

export interface Groups {
  readonly count: number;
  /** Indexes of the lines of a group. */
  of(group: number): Uint32Array;
}
