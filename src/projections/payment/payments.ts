import { type Projection } from "../../domains/kernel";
import { type PaymentEvent } from "../../domains/payment/events";
import { evolvePayment, type Payment } from "../../domains/payment/payment-state";

/** A payment as finance sees it. */
export interface PaymentDocument extends Omit<Payment, "paymentId"> {
  /** The payment's id. */
  readonly _id: string;
  /** The provider that was asked. */
  readonly method: string;
  readonly requestedAt: string;
  readonly updatedAt: string;
  readonly revision: number;
}

export const payments: Projection<PaymentDocument, PaymentEvent> = {
  name: "payments",
  context: "payment",
  version: 1,
  independent: true,
  events: [
    "PaymentRequested",
    "PaymentAuthorised",
    "PaymentDeclined",
    "PaymentCaptured",
    "PaymentVoided",
    "PaymentRefunded",
  ],
  begins: ["PaymentRequested"],
  indexes: [{ key: { orderId: 1 } }, { key: { status: 1, updatedAt: -1 } }],
  ids: ({ data }) => [data.paymentId],
  sources: ({ _id }) => [`payment-${_id}`],
  apply(document, event, id) {
    const before = document && { ...document, paymentId: event.data.paymentId };
    const after = evolvePayment(before ?? { status: "absent" }, event);
    if (after.status === "absent") return undefined;
    const { paymentId: _, ...payment } = after;
    const { occurredAt } = event.metadata;
    return {
      ...payment,
      _id: id,
      method: event.type === "PaymentRequested" ? event.data.method : (document?.method ?? ""),
      requestedAt: document?.requestedAt ?? occurredAt,
      updatedAt: occurredAt,
      revision: event.revision,
    };
  },
};
