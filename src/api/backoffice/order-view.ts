import { z } from "zod";
import { address, shippingMethod, soldLine, totals } from "../../domains/cart";
import { importedLine, type ImportedLine, type OrderEvent } from "../../domains/ordering";
import { type EventLog } from "../../infra/eventstore";
import { type OrderDocument } from "../../projections/ordering";

export const kinds = ["order", "credit-note", "adjustment"] as const;
export const orderStatuses = ["placed", "confirmed", "cancelled", "completed", "imported"] as const;

const summary = {
  id: z.uuid(),
  number: z.string(),
  kind: z.enum(kinds),
  source: z.string().describe("`shop`, or where it was imported from."),
  status: z.enum(orderStatuses),
  email: z.string().nullable(),
  customer: z.string().nullable().describe("The customer's number where it was imported from."),
  currency: z.string(),
  country: z.string(),
  countryCode: z.string().nullable(),
  lineCount: z.int(),
  pieces: z.int(),
  totals,
  payment: z
    .object({
      id: z.string(),
      method: z.string(),
      status: z.string().nullable(),
      authorised: z.string(),
      captured: z.string(),
      refunded: z.string(),
    })
    .nullable(),
  reason: z.string().nullable().describe("Why it was cancelled."),
  note: z.string().nullable(),
  placedAt: z.string(),
  updatedAt: z.string(),
  revision: z.int(),
};

/** An order in a list. */
export const orderSummarySchema = z.object(summary).meta({ id: "BackOfficeOrderSummary" });

/** An order with everything. */
export const orderSchema = z
  .object({
    ...summary,
    cartId: z.string().nullable(),
    shopperId: z.string().nullable(),
    taxIncluded: z.boolean().nullable(),
    shippingAddress: address.nullable(),
    shippingMethod: shippingMethod.nullable(),
    lines: z.array(z.union([soldLine, importedLine])),
  })
  .meta({ id: "BackOfficeOrder" });

export const orderSummary = (order: OrderDocument) => ({
  id: order._id,
  number: order.number,
  kind: order.kind,
  source: order.source,
  status: order.status,
  email: order.email,
  customer: order.customer,
  currency: order.currency,
  country: order.country,
  countryCode: order.countryCode,
  lineCount: order.lineCount,
  pieces: order.pieces,
  totals: order.totals,
  payment: order.payment,
  reason: order.reason,
  note: order.note,
  placedAt: order.placedAt,
  updatedAt: order.updatedAt,
  revision: order.revision,
});

export const orderView = async (order: OrderDocument, log: EventLog) => ({
  ...orderSummary(order),
  cartId: order.cartId,
  shopperId: order.owner,
  taxIncluded: order.taxIncluded,
  shippingAddress: order.shippingAddress,
  shippingMethod: order.shippingMethod,
  lines: order.lines ?? (await importedLines(order._id, log)),
});

/** The lines of an imported document, which its stream alone has. */
async function importedLines(orderId: string, log: EventLog) {
  let lines: readonly ImportedLine[] = [];
  // The client never lets go of a read that is broken off, so it is read to its end.
  for await (const event of log.readStream(`order-${orderId}`, 0, 1)) {
    const { type, data } = event as unknown as OrderEvent;
    switch (type) {
      case "OrderImported":
      case "CreditNoteImported":
      case "AccountingAdjustmentImported":
        lines = data.lines;
        break;
      case "OrderPlaced":
      case "OrderConfirmed":
      case "OrderCancelled":
      case "OrderCompleted":
        break;
    }
  }
  return lines;
}
