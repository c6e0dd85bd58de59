import { z } from "zod";
import { cartEvents } from "../cart/events";
import { defineEvents, type EventsOf, sku, timestamp } from "../kernel";
import { cancelReason } from "./events";

const nothing = z.strictObject({});
const line = z.strictObject({ sku });

/** What a checkout process has seen and done so far; events of `checkout-<orderId>` streams. */
export const checkoutEvents = defineEvents("checkout", {
  /** Keeps what the order is placed with, until it is placed. */
  CheckoutStarted: { version: 1, schema: cartEvents.CartCheckedOut.schema },
  CheckoutOrderPlaced: { version: 1, schema: nothing },
  CheckoutLineReserved: { version: 1, schema: line },
  /** The provider is asked; without an answer by `until` the checkout fails. */
  CheckoutPaymentRequested: { version: 1, schema: z.strictObject({ until: timestamp }) },
  /** No answer came in time: the payment is given up, unless it is authorised after all. */
  CheckoutPaymentOverdue: { version: 1, schema: nothing },
  CheckoutPaymentAuthorised: { version: 1, schema: nothing },
  CheckoutOrderConfirmed: { version: 1, schema: nothing },

  /** From here on everything is undone. */
  CheckoutFailed: {
    version: 1,
    schema: z.strictObject({
      reason: cancelReason,
      note: z.string().max(500).optional(),
      /** The SKU that could not be reserved, so that it need not be released. */
      refusedSku: sku.optional(),
      /** Whether somebody has cancelled the order, so that it need not be. */
      orderCancelled: z.boolean(),
    }),
  },
  CheckoutOrderCancelled: { version: 1, schema: nothing },
  CheckoutLineReleased: { version: 1, schema: line },
  CheckoutPaymentReversed: { version: 1, schema: nothing },
  /** The provider said yes after the checkout had failed: that is reversed too. */
  CheckoutPaymentCameLate: { version: 1, schema: nothing },

  /** The order is completed: what is reserved leaves the house, what is authorised is captured. */
  CheckoutFulfilmentStarted: { version: 1, schema: nothing },
  /** `refused`: why the stock or the payment would not do it, where nothing was left to be done. */
  CheckoutLineShipped: { version: 1, schema: z.strictObject({ sku, refused: z.string().optional() }) },
  CheckoutPaymentCaptured: { version: 1, schema: z.strictObject({ refused: z.string().optional() }) },
});
export type CheckoutEvent = EventsOf<typeof checkoutEvents>;
