import { type CurrencyCode, type Decimal, type OrderId, minus, type PaymentId, plus } from "../kernel";
import { type PaymentEvent } from "./events";

/**
 * A payment's life: `requested` → `authorised` → `captured` → `refunded`, or `declined`, or `voided`. Captures and
 * refunds may come in parts: it is `captured` from the first capture on, and `refunded` once all that was captured has
 * been given back.
 */
export type PaymentState = { readonly status: "absent" } | Payment;

export interface Payment {
  readonly status: "requested" | "authorised" | "declined" | "captured" | "voided" | "refunded";
  readonly paymentId: PaymentId;
  readonly orderId: OrderId;
  readonly currency: CurrencyCode;
  /** What was asked for. */
  readonly amount: Decimal;
  /** What the provider agreed to hold: 0 or the amount. */
  readonly authorised: Decimal;
  readonly captured: Decimal;
  readonly refunded: Decimal;
  /** Voided: what was not captured by then has been let go and never will be. */
  readonly closed: boolean;
  readonly providerReference: string | null;
  /** Why it was declined or voided. */
  readonly reason: string | null;
  /** Refund → amount; a payment has a handful at most. */
  readonly refunds: Readonly<Record<string, Decimal>>;
}

const zero = "0";

/** What can still be captured. */
export const open = ({ authorised, captured, closed }: Payment): Decimal =>
  closed ? zero : minus(authorised, captured);

/** What can still be given back. */
export const refundable = ({ captured, refunded }: Payment): Decimal => minus(captured, refunded);

export function evolvePayment(state: PaymentState, event: PaymentEvent): PaymentState {
  if (event.type === "PaymentRequested") {
    const { paymentId, orderId, currency, amount } = event.data;
    const sums = { amount, authorised: zero, captured: zero, refunded: zero };
    const unanswered = { closed: false, providerReference: null, reason: null, refunds: {} };
    return { status: "requested", paymentId, orderId, currency, ...sums, ...unanswered };
  }
  return state.status === "absent" ? state : { ...state, ...changes(state, event) };
}

function changes(payment: Payment, event: Exclude<PaymentEvent, { type: "PaymentRequested" }>): Partial<Payment> {
  switch (event.type) {
    case "PaymentAuthorised": {
      const { amount, providerReference } = event.data;
      return { status: "authorised", authorised: amount, providerReference };
    }
    case "PaymentDeclined":
      return { status: "declined", reason: event.data.reason };
    case "PaymentCaptured":
      return { status: "captured", captured: plus(payment.captured, event.data.amount) };
    case "PaymentVoided": {
      const { reason, providerReference } = event.data;
      const status = payment.captured === zero ? "voided" : payment.status;
      return { status, closed: true, reason, providerReference };
    }
    case "PaymentRefunded": {
      const { refundId, amount } = event.data;
      const refunded = plus(payment.refunded, amount);
      const status = refunded === payment.captured ? "refunded" : "captured";
      return { status, refunded, refunds: { ...payment.refunds, [refundId]: amount } };
    }
  }
}
