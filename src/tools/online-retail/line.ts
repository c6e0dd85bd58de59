import { type RawRow } from "./rows";

/** A row that can be read: one line of an invoice. */
export interface Line {
  readonly row: number;
  readonly invoice: string;
  /** Exactly as the file has it: codes that differ by case only are different articles. */
  readonly code: string;
  /** Without white space at its ends; may be empty. */
  readonly description: string;
  readonly quantity: number;
  /** Seconds since 1970-01-01 UTC. */
  readonly time: number;
  /** Exact decimal, e.g. `"2.55"`, `"0.001"`, `"-11062.06"`. */
  readonly unitPrice: string;
  /** `"17850"`; empty for a guest. */
  readonly customer: string;
  /** As the file names it, e.g. `EIRE`. */
  readonly country: string;
}

/** A row that fits nowhere, and why. */
export interface Misfit {
  readonly row: number;
  readonly reason: string;
  /** The row as it stands in the file. */
  readonly text: string;
}

const WHOLE = /^-?\d{1,7}(\.0+)?$/;
const DECIMAL = /^-?\d{1,12}(\.\d{1,6})?$/;
const MOMENT = /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2})(?::(\d{2}))?$/;
const CODE = /^[^\s/?#]([^/?#\p{Cc}]{0,62}[^\s/?#])?$/u;
const CUSTOMER = /^(\d+)(?:\.0+)?$/;

/** Reads one row, or says what is wrong with it. Numbers are kept exact: no float touches a price. */
export function readLine({ row, fields }: RawRow): Line | Misfit {
  const misfit = (reason: string): Misfit => ({ row, reason, text: textOf(fields) });
  if (fields.length !== 8) return misfit(`it has ${fields.length} fields, not 8`);
  const [invoice, code, description, quantity, date, price, customer, country] = fields.map((field) =>
    field.trim(),
  ) as [string, string, string, string, string, string, string, string];
  if (!/^[A-Za-z]?\d+$/.test(invoice)) return misfit(invoice === "" ? "no invoice number" : "not an invoice number");
  if (!CODE.test(code)) return misfit(code === "" ? "no stock code" : "not a stock code");
  if (!WHOLE.test(quantity)) return misfit("the quantity is not a whole number");
  if (!DECIMAL.test(price)) return misfit("the unit price is not a decimal number");
  const time = secondsOf(date);
  if (time === undefined) return misfit("the invoice date is not a date and time");
  if (country === "") return misfit("no country");
  const buyer = customer === "" ? "" : CUSTOMER.exec(customer)?.[1];
  if (buyer === undefined) return misfit("not a customer number");
  return {
    row,
    invoice,
    code,
    description,
    quantity: Number(quantity),
    time,
    unitPrice: plainDecimal(price),
    customer: buyer,
    country,
  };
}

export const isMisfit = (line: Line | Misfit): line is Misfit => "reason" in line;

/** A row's fields as one CSV line, for showing. */
export function textOf(fields: readonly string[]): string {
  return fields.map((field) => (/[",\n\r]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",");
}

/** The file's times have no zone: they are taken as UTC. */
function secondsOf(text: string): number | undefined {
  const found = MOMENT.exec(text);
  if (!found) return undefined;
  const [year, month, day, hour, minute, second] = found.slice(1).map((part) => Number(part ?? 0)) as [
    number, number, number, number, number, number,
  ]; // prettier-ignore
  const ms = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(ms);
  const exists =
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  return exists && ms >= 0 ? ms / 1000 : undefined;
}

/** Without superfluous zeros: `"02.50"` → `"2.5"`, `"0.0"` → `"0"`, `"-0"` → `"0"`. */
function plainDecimal(text: string): string {
  const negative = text.startsWith("-");
  const [whole = "0", fraction = ""] = text.slice(negative ? 1 : 0).split(".");
  const digits = whole.replace(/^0+(?=\d)/, "");
  const rest = fraction.replace(/0+$/, "");
  const plain = rest === "" ? digits : `${digits}.${rest}`;
  return negative && plain !== "0" ? `-${plain}` : plain;
}

export const isoOf = (seconds: number): string => new Date(seconds * 1000).toISOString();
/** `2011-03` */
export const monthOf = (seconds: number): string => isoOf(seconds).slice(0, 7);
