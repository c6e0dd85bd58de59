import { createHash } from "node:crypto";
import { stock, stockId, type StockCommand } from "../../domains/inventory";
import { type CountryCode, type CurrencyCode, type Sku, type Timestamp } from "../../domains/kernel";
import { importRow, importRowId, order, type ImportedLine, type OrderCommand, type SetRowAside } from "../../domains/ordering"; // prettier-ignore
import { type CommandContext } from "../../infra/runtime/command";
import { type Plan, type StockChange, type TradeDocument } from "./classify";
import { isCharge } from "./codes";
import { countryCodeOf } from "./countries";
import { contextOf, LOCATION, orderIdOf, SOURCE } from "./identity";
import { isoOf, type Misfit } from "./line";
import { type LineTable } from "./line-table";

export const CURRENCY = "GBP" as CurrencyCode;

const COMMANDS = {
  sale: "ImportOrder",
  creditNote: "ImportCreditNote",
  accountingAdjustment: "ImportAccountingAdjustment",
} as const satisfies Record<TradeDocument["fate"], OrderCommand["type"]>;

/** One command, ready to be sent. */
export interface Sending<A, C> {
  readonly aggregate: A;
  readonly id: string;
  readonly command: C;
  readonly context: CommandContext;
}

/**
 * An invoice, credit note or adjustment as it stands in the file. The content is part of the command's id: what comes
 * again unchanged is known by its id, and what comes again with other lines is seen to differ.
 */
export function documentSending(table: LineTable, document: TradeDocument): Sending<typeof order, OrderCommand> {
  const { fate, number, time, lines } = document;
  const first = lines[0] as number;
  const customer = table.customers.text(table.at("customer", first));
  const country = table.countries.text(table.at("country", first));
  const orderId = orderIdOf(number);
  const command = {
    type: COMMANDS[fate],
    at: isoOf(time) as Timestamp,
    orderId,
    number,
    source: SOURCE,
    customer: customer === "" ? null : customer,
    country,
    countryCode: countryCodeOf(country) as CountryCode | null,
    currency: CURRENCY,
    lines: lines.map((line) => importedLine(table, line, time)),
  };
  const context = contextOf(command.at, "document", number, contentOf(table, lines));
  return { aggregate: order, id: orderId, command, context };
}

function importedLine(table: LineTable, line: number, time: number): ImportedLine {
  const sku = table.codes.text(table.at("code", line));
  const own = table.at("time", line);
  return {
    sku,
    name: table.descriptions.text(table.at("description", line)).slice(0, 500),
    quantity: table.quantity(line),
    unitPrice: table.unitPrices.text(table.at("unitPrice", line)),
    kind: isCharge(sku) ? "charge" : "merchandise",
    ...(own !== time && { at: isoOf(own) as Timestamp }),
  };
}

/** A fingerprint of lines, whatever rows of the file they stand in. */
function contentOf(table: LineTable, lines: readonly number[]): string {
  const hash = createHash("sha1");
  for (const index of lines) {
    const { code, description, quantity, time, unitPrice, customer, country } = table.line(index);
    hash.update([code, description, quantity, time, unitPrice, customer, country].join("\t") + "\n");
  }
  return hash.digest("base64url");
}

/**
 * Pieces lost, found or broken; what the clerk wrote is the reason. These are the only movements of stock that the file
 * knows: it has no receipts, so that what was sold and returned cannot be added up to a stock, and moves none.
 */
export function stockSending(table: LineTable, { line, ordinal }: StockChange): Sending<typeof stock, StockCommand> {
  const { invoice, code, description, quantity, time } = table.line(line);
  const sku = code as Sku;
  const at = isoOf(time) as Timestamp;
  const reason = description.slice(0, 500) || "no reason given";
  return {
    aggregate: stock,
    id: stockId(LOCATION, sku),
    command: { type: "AdjustStock", at, location: LOCATION, sku, delta: quantity, reason },
    context: { ...contextOf(at, "stock", invoice, ordinal), reason },
  };
}

/** A row that fits nowhere. Its text is part of the stream's name: another file may have another row in its place. */
export function asideSending({ row, reason, text }: Misfit, at: Timestamp): Sending<typeof importRow, SetRowAside> {
  const content = createHash("sha1").update(text).digest("hex").slice(0, 12);
  return {
    aggregate: importRow,
    id: importRowId(SOURCE, row) + `-${content}`,
    command: { type: "SetRowAside", at, source: SOURCE, row, reason, text },
    context: contextOf(at, "row", row, content),
  };
}

/** A document or a stock change, in the order in which they happened. */
export type Happening =
  | { readonly kind: "document"; readonly document: TradeDocument }
  | { readonly kind: "stock"; readonly change: StockChange };

/** Everything that happened, oldest first; at the same moment in the order of the file. */
export function happenings({ table, documents, stockChanges }: Plan): Happening[] {
  const timed = [
    ...documents.map((document) => ({
      kind: "document" as const,
      document,
      time: document.time,
      line: document.lines[0] as number,
    })),
    ...stockChanges.map((change) => ({
      kind: "stock" as const,
      change,
      time: table.at("time", change.line),
      line: change.line,
    })),
  ];
  return timed.sort((a, b) => a.time - b.time || a.line - b.line);
}
