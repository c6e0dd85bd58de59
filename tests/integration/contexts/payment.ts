import { type AloneStory } from "../../support/alone";

const paymentId = "345a303d-6624-5fa1-a9ce-77b9879fc6b6";
const stream = `payment-${paymentId}`;

/* Asked for by a checkout elsewhere, authorised by the reaction, which asks the provider. */
export const payment: AloneStory = {
  given: ["payment/PaymentRequested.v1"],
  shows: [{ model: "payments", id: paymentId, document: { amount: "10.70", currency: "GBP" } }],
  does: { [stream]: ["PaymentRequested", "PaymentAuthorised"] },
  decides: [
    { stream, command: { type: "CapturePayment", paymentId }, outcome: ["PaymentCaptured"] },
    { stream, command: { type: "RefundPayment", paymentId, refundId: "RMA-1", amount: "10.71", reason: "too much" }, outcome: "exceeds-capture" }, // prettier-ignore
    { stream, command: { type: "RefundPayment", paymentId, refundId: "RMA-1", amount: "2.55", reason: "One arrived broken" }, outcome: ["PaymentRefunded"] }, // prettier-ignore
  ],
  afterwards: [{ model: "payments", id: paymentId, document: { refunded: "2.55" } }],
};
