import { plus } from "../../domains/kernel";
import { type PaymentEvent } from "../../domains/payment/events";
import { type Payment } from "../../domains/payment/payment-state";

/** What the order knows of its payment, by the payment's own events. */
export interface OrderPayment {
  readonly id: string;
  readonly method: string;
  /** `null`: not asked for yet. */
  readonly status: Payment["status"] | null;
  readonly authorised: string;
  readonly captured: string;
  readonly refunded: string;
}

export function paymentAfter(known: OrderPayment | null, { type, data }: PaymentEvent): OrderPayment | null {
  if (known === null) return null;
  switch (type) {
    case "PaymentRequested":
      return { ...known, method: data.method, status: "requested" };
    case "PaymentAuthorised":
      return { ...known, status: "authorised", authorised: data.amount };
    case "PaymentDeclined":
      return { ...known, status: "declined" };
    case "PaymentVoided":
      return known.captured === "0" ? { ...known, status: "voided" } : known;
    case "PaymentCaptured":
      return { ...known, status: "captured", captured: plus(known.captured, data.amount) };
    case "PaymentRefunded": {
      const refunded = plus(known.refunded, data.amount);
      return { ...known, status: refunded === known.captured ? "refunded" : "captured", refunded };
    }
  }
}
