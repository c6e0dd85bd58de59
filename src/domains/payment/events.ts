import { z } from "zod";
import { paymentMeans } from "../cart/events";
import { currencyCode, defineEvents, type EventsOf, orderId, paymentId, positiveDecimal } from "../kernel";

/** Why, in a person's words or as a stable code such as `payment-timeout`. */
export const paymentReason = z.string().trim().min(1).max(500);
/** One refund among those of a payment; the caller names it, so that asking again changes nothing. */
export const refundId = z.string().min(1).max(128);
/** What the provider calls the payment. */
export const providerReference = z.string().min(1).max(256);

/** Carried by every event. */
const payment = { paymentId, orderId, currency: currencyCode };

export const paymentEvents = defineEvents("payment", {
  /** The provider is to be asked for the amount. */
  PaymentRequested: {
    version: 1,
    schema: z.strictObject({ ...payment, amount: positiveDecimal, ...paymentMeans.shape }),
  },
  /** The provider holds the amount for the shop. */
  PaymentAuthorised: { version: 1, schema: z.strictObject({ ...payment, amount: positiveDecimal, providerReference }) },
  PaymentDeclined: { version: 1, schema: z.strictObject({ ...payment, reason: paymentReason }) },
  /** The amount is taken, of what is held. May happen in parts. */
  PaymentCaptured: { version: 1, schema: z.strictObject({ ...payment, amount: positiveDecimal, providerReference }) },
  /** What is held and not captured is let go; `providerReference: null` where the provider has not answered yet.
   *  Should its yes still come, that is let go by another such event. */
  PaymentVoided: {
    version: 1,
    schema: z.strictObject({
      ...payment,
      amount: positiveDecimal,
      reason: paymentReason,
      providerReference: providerReference.nullable(),
    }),
  },
  /** The amount is given back, of what was captured. May happen in parts. */
  PaymentRefunded: {
    version: 1,
    schema: z.strictObject({ ...payment, refundId, amount: positiveDecimal, reason: paymentReason, providerReference }),
  },
});
export type PaymentEvent = EventsOf<typeof paymentEvents>;
