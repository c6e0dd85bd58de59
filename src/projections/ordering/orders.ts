import { type Sale, type SoldLine, type Totals } from "../../domains/cart/events";
import { display, type Projection, type Recorded, sum, timesWhole } from "../../domains/kernel";
import { type ImportedDocument, type OrderEvent } from "../../domains/ordering/events";
import { type PaymentEvent } from "../../domains/payment/events";
import { type OrderPayment, paymentAfter } from "./order-payment";

/** An order, credit note or adjustment as shoppers and the back office read it. */
export interface OrderDocument {
  /** The order's id. */
  readonly _id: string;
  readonly number: string;
  readonly kind: "order" | "credit-note" | "adjustment";
  /** `shop`, or where it was imported from. */
  readonly source: string;
  readonly status: "placed" | "confirmed" | "cancelled" | "completed" | "imported";
  /** The shopper; `null` for an imported one. */
  readonly owner: string | null;
  readonly email: string | null;
  /** The other system's customer number. */
  readonly customer: string | null;
  readonly cartId: string | null;
  readonly currency: string;
  /** ISO 3166-1 code, or for an imported one the name that the other system has. */
  readonly country: string;
  readonly countryCode: string | null;
  readonly lineCount: number;
  /** Sum of the quantities. */
  readonly pieces: number;
  /** `null`: imported; its lines are in its stream only. */
  readonly lines: readonly SoldLine[] | null;
  readonly totals: Totals;
  readonly taxIncluded: boolean | null;
  readonly shippingAddress: Sale["shippingAddress"] | null;
  readonly shippingMethod: Sale["shippingMethod"] | null;
  readonly payment: OrderPayment | null;
  /** Why it was cancelled. */
  readonly reason: string | null;
  readonly note: string | null;
  /** In business time. */
  readonly placedAt: string;
  readonly updatedAt: string;
  /** Revision of the order's stream. */
  readonly revision: number;
}

export type OrdersEvent = OrderEvent | PaymentEvent;

export const orders: Projection<OrderDocument, OrdersEvent> = {
  name: "orders",
  context: "ordering",
  version: 1,
  independent: true,
  events: [
    "OrderPlaced",
    "OrderConfirmed",
    "OrderCancelled",
    "OrderCompleted",
    "OrderImported",
    "CreditNoteImported",
    "AccountingAdjustmentImported",
    "PaymentRequested",
    "PaymentAuthorised",
    "PaymentDeclined",
    "PaymentCaptured",
    "PaymentVoided",
    "PaymentRefunded",
  ],
  begins: ["OrderPlaced", "OrderImported", "CreditNoteImported", "AccountingAdjustmentImported"],
  indexes: [
    { key: { placedAt: -1, _id: -1 } },
    { key: { status: 1, placedAt: -1, _id: -1 } },
    { key: { number: 1 } },
    { key: { email: 1, placedAt: -1 }, partialFilterExpression: { email: { $type: "string" } } },
    { key: { owner: 1, placedAt: -1 }, partialFilterExpression: { owner: { $type: "string" } } },
    { key: { customer: 1, placedAt: -1 }, partialFilterExpression: { customer: { $type: "string" } } },
  ],
  ids: ({ data }) => [data.orderId],
  sources: ({ _id, payment }) => [`order-${_id}`, ...(payment ? [`payment-${payment.id}`] : [])],
  apply(document, event) {
    switch (event.type) {
      case "OrderPlaced":
        return placed(event);
      case "OrderImported":
        return imported("order", event);
      case "CreditNoteImported":
        return imported("credit-note", event);
      case "AccountingAdjustmentImported":
        return imported("adjustment", event);
      case "OrderConfirmed":
        return moved(document, event, { status: "confirmed" });
      case "OrderCompleted":
        return moved(document, event, { status: "completed" });
      case "OrderCancelled":
        return moved(document, event, {
          status: "cancelled",
          reason: event.data.reason,
          note: event.data.note ?? null,
        });
      default:
        return (
          document && {
            ...document,
            payment: paymentAfter(document.payment, event),
            updatedAt: event.metadata.occurredAt,
          }
        );
    }
  },
};

function placed(event: Recorded<Extract<OrderEvent, { type: "OrderPlaced" }>>): OrderDocument {
  const { orderId, number, cartId, paymentId, payment, ...sale } = event.data;
  const { owner, email, currency, country, lines, totals, taxIncluded, shippingAddress, shippingMethod } = sale;
  const { occurredAt } = event.metadata;
  return {
    _id: orderId,
    number,
    kind: "order",
    source: "shop",
    status: "placed",
    owner,
    email,
    customer: null,
    cartId,
    currency,
    country,
    countryCode: country,
    lineCount: lines.length,
    pieces: piecesOf(lines),
    lines,
    totals,
    taxIncluded,
    shippingAddress,
    shippingMethod,
    payment: { id: paymentId, method: payment.method, status: null, authorised: "0", captured: "0", refunded: "0" },
    reason: null,
    note: null,
    placedAt: occurredAt,
    updatedAt: occurredAt,
    revision: event.revision,
  };
}

function imported(
  kind: OrderDocument["kind"],
  event: Recorded<Extract<OrderEvent, { data: ImportedDocument }>>,
): OrderDocument {
  const { orderId, number, source, customer, country, countryCode, currency, lines } = event.data;
  const { occurredAt } = event.metadata;
  const items = display(sum(lines.map(({ unitPrice, quantity }) => timesWhole(unitPrice, quantity))), currency);
  return {
    _id: orderId,
    number,
    kind,
    source,
    status: "imported",
    owner: null,
    email: null,
    customer,
    cartId: null,
    currency,
    country,
    countryCode,
    lineCount: lines.length,
    pieces: piecesOf(lines),
    lines: null,
    totals: { items, shipping: "0", tax: "0", grand: items },
    taxIncluded: null,
    shippingAddress: null,
    shippingMethod: null,
    payment: null,
    reason: null,
    note: null,
    placedAt: occurredAt,
    updatedAt: occurredAt,
    revision: event.revision,
  };
}

const piecesOf = (lines: readonly { readonly quantity: number }[]): number =>
  lines.reduce((all, { quantity }) => all + quantity, 0);

function moved(
  document: OrderDocument | undefined,
  { metadata, revision }: Recorded<OrderEvent>,
  change: Partial<OrderDocument>,
): OrderDocument | undefined {
  return document && { ...document, ...change, updatedAt: metadata.occurredAt, revision };
}
