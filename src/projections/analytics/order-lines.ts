import { type Sale } from "../../domains/cart/events";
import { type Feed, isZero, type Recorded, timesWhole } from "../../domains/kernel";
import { type ImportedDocument, type OrderEvent } from "../../domains/ordering/events";
import { countryName } from "./countries";

type Told = Exclude<OrderEvent, { type: "OrderPlaced" | "OrderCompleted" }>;

/** `cancellation` takes back what a `sale` of the shop's own said, row by row. */
export type OrderLineKind = "sale" | "cancellation" | "credit-note" | "adjustment";

export type OrderLineRow = {
  readonly occurredAt: string;
  readonly kind: OrderLineKind;
  /** `charge`: postage, discounts, fees and other services; no goods. */
  readonly lineKind: "merchandise" | "charge";
  readonly orderId: string;
  readonly number: string;
  /** From 1, in the order of the document; the same on the row that takes a row back. */
  readonly lineNumber: number;
  readonly source: string;
  /** The customer's number in the source, or the shopper's id; `null`: a guest. */
  readonly customer: string | null;
  /** As the source names it. */
  readonly country: string;
  readonly countryCode: string | null;
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  readonly unitPrice: string;
  /** quantity × unitPrice, exact. */
  readonly amount: string;
  readonly currency: string;
};

/** The SKU of the row that shows what shipping cost. */
export const SHIPPING = "SHIPPING";

export const orderLinesFeed: Feed<Told> = {
  name: "order-lines",
  context: "analytics",
  version: 1,
  description:
    "A row for every line of a confirmed or imported sale, a credit note or an accounting adjustment, and one for " +
    "what shipping cost. A cancelled order's rows come once more with their signs turned (kind cancellation). " +
    "`amount` is quantity × unitPrice in every digit, not rounded to what can be paid; tax on top of net prices is " +
    "not in it.",
  events: ["OrderConfirmed", "OrderCancelled", "OrderImported", "CreditNoteImported", "AccountingAdjustmentImported"],
  dimensions: ["kind", "lineKind", "country", "countryCode", "sku", "customer", "currency", "source"],
  rows(event: Recorded<Told>): readonly OrderLineRow[] {
    const { occurredAt } = event.metadata;
    switch (event.type) {
      case "OrderConfirmed":
        return soldRows(event.data, event.data, "sale", occurredAt);
      case "OrderCancelled": {
        const { wasConfirmed, sale } = event.data;
        return wasConfirmed && sale ? soldRows(event.data, sale, "cancellation", occurredAt) : [];
      }
      case "OrderImported":
        return importedRows(event.data, "sale", occurredAt);
      case "CreditNoteImported":
        return importedRows(event.data, "credit-note", occurredAt);
      case "AccountingAdjustmentImported":
        return importedRows(event.data, "adjustment", occurredAt);
    }
  },
};

interface Named {
  readonly orderId: string;
  readonly number: string;
}

function soldRows(
  { orderId, number }: Named,
  { owner, currency, country, lines, shippingMethod }: Sale,
  kind: "sale" | "cancellation",
  occurredAt: string,
): OrderLineRow[] {
  const sign = kind === "sale" ? 1 : -1;
  const row = (
    lineNumber: number,
    lineKind: OrderLineRow["lineKind"],
    { sku, name, quantity, unitPrice }: Pick<OrderLineRow, "sku" | "name" | "quantity" | "unitPrice">,
  ): OrderLineRow => ({
    occurredAt,
    kind,
    lineKind,
    orderId,
    number,
    lineNumber,
    source: "shop",
    customer: owner,
    country: countryName(country),
    countryCode: country,
    sku,
    name,
    quantity: sign * quantity,
    unitPrice,
    amount: timesWhole(unitPrice, sign * quantity),
    currency,
  });
  const rows = lines.map((line, index) => row(index + 1, "merchandise", line));
  const { name, price } = shippingMethod;
  if (isZero(price)) return rows;
  return [...rows, row(rows.length + 1, "charge", { sku: SHIPPING, name, quantity: 1, unitPrice: price })];
}

/** Half a million imported lines pass through here. */
function importedRows(document: ImportedDocument, kind: OrderLineKind, occurredAt: string): OrderLineRow[] {
  const { orderId, number, source, customer, country, countryCode, currency, lines } = document;
  return lines.map((line, index) => ({
    occurredAt: line.at ?? occurredAt,
    kind,
    lineKind: line.kind,
    orderId,
    number,
    lineNumber: index + 1,
    source,
    customer,
    country,
    countryCode,
    sku: line.sku,
    name: line.name,
    quantity: line.quantity,
    unitPrice: line.unitPrice,
    amount: timesWhole(line.unitPrice, line.quantity),
    currency,
  }));
}
