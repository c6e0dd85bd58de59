import { z } from "zod";
import { currencyCode, defineEvents, type EventsOf, positiveDecimal, sku, timestamp } from "../kernel";

/** One price among those of a SKU; the caller names it, so that setting it again changes nothing. */
export const priceId = z.string().min(1).max(64);

/** Buyers with prices of their own, such as `trade`. */
export const customerGroup = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, "a customer group is 1 to 64 of a-z, 0-9, _ and -");

/** What one piece costs in one currency, for everybody or one group of customers, during some time. */
export const priceEntry = z.strictObject({
  priceId,
  currency: currencyCode,
  /** Exact; may have more digits than can be paid in the currency (`"0.001"`). */
  amount: positiveDecimal,
  /** `null`: the general price. */
  customerGroup: customerGroup.nullable(),
  validFrom: timestamp,
  /** First moment at which it no longer holds; `null`: until another takes its place. */
  validUntil: timestamp.nullable(),
});
export type PriceEntry = z.output<typeof priceEntry>;

export const pricingEvents = defineEvents("price", {
  PriceSet: { version: 1, schema: z.strictObject({ sku, ...priceEntry.shape }) },
  /** As if it had never been set, for every question asked from now on. */
  PriceWithdrawn: { version: 1, schema: z.strictObject({ sku, priceId }) },
});
export type PricingEvent = EventsOf<typeof pricingEvents>;
