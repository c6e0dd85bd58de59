import { z } from "zod";
import { defineEvents, type EventsOf, locationId, orderId, quantity, reservationId, sku, timestamp } from "../kernel";

/** Where the stock lies and of what. */
const place = { location: locationId, sku };

/** Why, in a person's words. */
export const stockReason = z.string().trim().min(1).max(500);
/** A paper that came with the goods: delivery note, purchase order. */
export const stockReference = z.string().trim().min(1).max(200);
/** Pieces found (positive) or missing (negative). */
export const stockDelta = z
  .int()
  .min(-1_000_000)
  .max(1_000_000)
  .refine((delta) => delta !== 0, "an adjustment changes the stock by at least one piece");

export const inventoryEvents = defineEvents("stock", {
  StockReceived: { version: 1, schema: z.strictObject({ ...place, quantity, reference: stockReference.optional() }) },
  StockAdjusted: { version: 1, schema: z.strictObject({ ...place, delta: stockDelta, reason: stockReason }) },
  BackorderPolicySet: { version: 1, schema: z.strictObject({ ...place, allowBackorder: z.boolean() }) },
  StockReserved: {
    version: 1,
    schema: z.strictObject({
      ...place,
      reservationId,
      quantity,
      /** First moment at which the reservation no longer holds; `null`: until released or shipped. */
      expiresAt: timestamp.nullable(),
      orderId: orderId.optional(),
    }),
  },
  ReservationReleased: {
    version: 1,
    schema: z.strictObject({ ...place, reservationId, quantity, reason: stockReason }),
  },
  /** Expired; noticed by the first command after that. */
  ReservationLapsed: { version: 1, schema: z.strictObject({ ...place, reservationId, quantity }) },
  /** The reserved pieces left the house. */
  StockShipped: { version: 1, schema: z.strictObject({ ...place, reservationId, quantity }) },
});
export type InventoryEvent = EventsOf<typeof inventoryEvents>;
