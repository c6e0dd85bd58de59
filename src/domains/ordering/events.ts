import { z } from "zod";
import { paymentMeans, sale } from "../cart/events";
import {
  cartId,
  countryCode,
  currencyCode,
  decimal,
  defineEvents,
  type EventsOf,
  orderId,
  paymentId,
  person,
  personal,
  timestamp,
} from "../kernel";

/** What a person reads out: `7KQ2-M0XC-4T` for the shop's own orders, an import's own number otherwise. */
export const orderNumberText = z.string().min(1).max(64);

/** Why an order was cancelled: a stable code where the shop did it (`out-of-stock`), else a person's words. */
export const cancelReason = z.string().trim().min(1).max(500);

/** A line of a document from another system, exactly as it was: also without a name, also at a price of 0. */
export const importedLine = z.strictObject({
  /** The other system's article or service code. */
  sku: z.string().min(1).max(64),
  name: z.string().max(500),
  /** Negative on credit notes. */
  quantity: z.int().min(-1_000_000).max(1_000_000),
  unitPrice: decimal,
  /** `charge`: postage, discounts, fees and other services; no goods. */
  kind: z.enum(["merchandise", "charge"]),
  /** Where it differs from the document's own time. */
  at: timestamp.optional(),
});
export type ImportedLine = z.output<typeof importedLine>;

/** A document from another system. Its time is the event's `occurredAt`. */
const imported = z.strictObject({
  orderId,
  /** The document's own number, such as `536365` or `C536379`. */
  number: orderNumberText,
  /** Which system or file, such as `online-retail`. */
  source: z.string().min(1).max(64),
  /** The other system's customer number; `null`: a guest. */
  customer: person(z.string().min(1).max(64).nullable(), { scope: "source", forgotten: null }),
  /** As the other system names it, such as `EIRE`. */
  country: z.string().max(100),
  /** ISO 3166-1 code, where the name means a country. */
  countryCode: countryCode.nullable(),
  currency: currencyCode,
  lines: z.array(importedLine),
});
export type ImportedDocument = z.output<typeof imported>;

const order = { orderId, number: orderNumberText };

const orderEvents = defineEvents("order", {
  OrderPlaced: {
    version: 1,
    schema: z.strictObject({ ...order, cartId, paymentId, ...sale.shape, payment: paymentMeans }),
  },
  /** Stock is reserved and payment authorised. Says again what was sold, since readers of sales hear only this. */
  OrderConfirmed: { version: 1, schema: z.strictObject({ ...order, ...sale.shape }) },
  OrderCancelled: {
    version: 1,
    schema: z.strictObject({
      ...order,
      reason: cancelReason,
      /** The facts behind a code, in a sentence: which article, how many. */
      note: z.string().max(500).optional(),
      wasConfirmed: z.boolean(),
      /** What is sold no longer; only where the order was confirmed. */
      sale: sale.optional(),
    }),
  },
  /** The goods have left the house. */
  OrderCompleted: { version: 1, schema: z.strictObject({ ...order }) },

  OrderImported: { version: 1, schema: imported },
  /** A document that takes sales back; its quantities are negative. */
  CreditNoteImported: { version: 1, schema: imported },
  /** A document that corrects the books, such as a bad debt written off. */
  AccountingAdjustmentImported: { version: 1, schema: imported },
});

const importRowEvents = defineEvents("importrow", {
  /** A row of an imported file that fits nowhere: kept as it was, and shown. */
  ImportRowSetAside: {
    version: 1,
    schema: z.strictObject({
      source: z.string().min(1).max(64),
      /** Line of the file, from 1 for the first after the header. */
      row: z.int().min(1),
      reason: z.string().min(1).max(500),
      text: personal(z.string()),
    }),
  },
});

export const orderingEvents = { ...orderEvents, ...importRowEvents };
export type OrderingEvent = EventsOf<typeof orderingEvents>;

/** Events of `order-<uuid>` streams. */
export type OrderEvent = EventsOf<typeof orderEvents>;
/** Events of `importrow-<id>` streams. */
export type ImportRowEvent = EventsOf<typeof importRowEvents>;
