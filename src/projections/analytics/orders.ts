import { type Sale } from "../../domains/cart/events";
import { type Feed, type Recorded, timesWhole } from "../../domains/kernel";
import { type ImportedDocument, type OrderEvent } from "../../domains/ordering/events";
import { countryName } from "./countries";
import { documentTotal } from "./document-total";

export type OrderRow = {
  readonly occurredAt: string;
  readonly orderId: string;
  readonly number: string;
  readonly kind: "order" | "credit-note" | "adjustment";
  /** What has become of the order. */
  readonly status: "placed" | "confirmed" | "cancelled" | "completed" | "imported";
  readonly source: string;
  /** Why it was cancelled. */
  readonly reason: string | null;
  /** The customer's number in the source, or the shopper's id; `null`: a guest. */
  readonly customer: string | null;
  readonly country: string | null;
  readonly countryCode: string | null;
  readonly currency: string | null;
  /** Number of lines, without shipping. */
  readonly lines: number | null;
  /** Pieces on those lines. */
  readonly pieces: number | null;
  /** The grand total. */
  readonly total: string | null;
  /** What the row adds to, or takes from, the pieces sold. */
  readonly quantity: number;
  /** What the row adds to, or takes from, the money made; absent where it does neither. */
  readonly amount?: string;
};

export const ordersFeed: Feed<OrderEvent> = {
  name: "orders",
  context: "analytics",
  version: 1,
  description:
    "A row each time an order is placed, confirmed, cancelled or completed, and for each imported document. " +
    "`lines`, `pieces` and `total` (the grand total; imported: the sum of all lines) say what the document comes to. " +
    "`quantity` and `amount` are what the row adds to what is sold, so that their sums can be read as pieces and " +
    "money: the pieces and the grand total when an order is confirmed or imported, the same turned negative when a " +
    "confirmed order is cancelled, and nothing when one is placed, completed, or cancelled before it was confirmed. " +
    "Completions, and cancellations before confirmation, name only the order; its other columns are null there.",
  events: [
    "OrderPlaced",
    "OrderConfirmed",
    "OrderCancelled",
    "OrderCompleted",
    "OrderImported",
    "CreditNoteImported",
    "AccountingAdjustmentImported",
  ],
  dimensions: ["kind", "status", "source", "reason", "country", "countryCode", "customer", "currency"],
  rows(event: Recorded<OrderEvent>): readonly OrderRow[] {
    return [row(event)];
  },
};

function row(event: Recorded<OrderEvent>): OrderRow {
  const { occurredAt } = event.metadata;
  switch (event.type) {
    case "OrderPlaced":
      return { ...shopRow(event.data, "placed", occurredAt), ...saleColumns(event.data) };
    case "OrderConfirmed":
      return { ...shopRow(event.data, "confirmed", occurredAt), ...saleColumns(event.data), ...effect(event.data, 1) };
    case "OrderCancelled": {
      const { wasConfirmed, sale, reason } = event.data;
      const cancelled = { ...shopRow(event.data, "cancelled", occurredAt), reason };
      return wasConfirmed && sale ? { ...cancelled, ...saleColumns(sale), ...effect(sale, -1) } : cancelled;
    }
    case "OrderCompleted":
      return shopRow(event.data, "completed", occurredAt);
    case "OrderImported":
      return importedRow(event.data, "order", occurredAt);
    case "CreditNoteImported":
      return importedRow(event.data, "credit-note", occurredAt);
    case "AccountingAdjustmentImported":
      return importedRow(event.data, "adjustment", occurredAt);
  }
}

function shopRow(
  { orderId, number }: { readonly orderId: string; readonly number: string },
  status: OrderRow["status"],
  occurredAt: string,
): OrderRow {
  return {
    occurredAt,
    orderId,
    number,
    kind: "order",
    status,
    source: "shop",
    reason: null,
    customer: null,
    country: null,
    countryCode: null,
    currency: null,
    lines: null,
    pieces: null,
    total: null,
    quantity: 0,
  };
}

const piecesOf = (lines: readonly { readonly quantity: number }[]): number =>
  lines.reduce((pieces, { quantity }) => pieces + quantity, 0);

const saleColumns = ({ owner, country, currency, lines, totals }: Sale) => ({
  customer: owner,
  country: countryName(country),
  countryCode: country,
  currency,
  lines: lines.length,
  pieces: piecesOf(lines),
  total: totals.grand,
});

const effect = ({ lines, totals }: Sale, sign: 1 | -1) => ({
  quantity: sign * piecesOf(lines),
  amount: timesWhole(totals.grand, sign),
});

function importedRow(document: ImportedDocument, kind: OrderRow["kind"], occurredAt: string): OrderRow {
  const { orderId, number, source, customer, country, countryCode, currency, lines } = document;
  const pieces = piecesOf(lines);
  const total = documentTotal(lines);
  return {
    occurredAt,
    orderId,
    number,
    kind,
    status: "imported",
    source,
    reason: null,
    customer,
    country,
    countryCode,
    currency,
    lines: lines.length,
    pieces,
    total,
    quantity: pieces,
    amount: total,
  };
}
