import { type AloneStory } from "../../support/alone";

const orderId = "e654a84d-7b2c-5d9b-a7d0-b14601b565e1";
const paymentId = "345a303d-6624-5fa1-a9ce-77b9879fc6b6";
const order = `order-${orderId}`;
const second = { stream: "stock-main-21731", data: { sku: "21731" } };

/* The checkout of a cart that was checked out elsewhere, with stock and a payment that are others'. */
export const ordering: AloneStory = {
  given: [
    "inventory/StockReceived.v1",
    ["inventory/StockReceived.v1", second],
    "cart/CartCheckedOut.v1",
    "ordering/OrderImported.v1",
  ],
  shows: [
    { model: "orders", id: orderId, document: { number: expect.any(String) as string } },
    { model: "orders", id: "3fb0a44a-cefd-58f2-aebd-a36163a949ba", document: { number: "536365" } },
  ],
  does: {
    [order]: ["OrderPlaced"],
    "stock-main-85123A": ["StockReceived", "StockReserved"],
    "stock-main-21731": ["StockReceived", "StockReserved"],
    [`payment-${paymentId}`]: ["PaymentRequested"],
    [`checkout-${orderId}`]: [
      ...["CheckoutStarted", "CheckoutOrderPlaced", "CheckoutLineReserved", "CheckoutLineReserved"],
      "CheckoutPaymentRequested",
    ],
  },
  decides: [
    { stream: order, command: { type: "CompleteOrder", orderId }, outcome: "order-not-confirmed" },
    { stream: order, command: { type: "CancelOrder", orderId, reason: "Ordered twice by mistake" }, outcome: ["OrderCancelled"] }, // prettier-ignore
    { stream: order, command: { type: "CancelOrder", orderId, reason: "Once more" }, outcome: [] },
  ],
  afterwards: [{ model: "orders", id: orderId, document: { status: "cancelled" } }],
};
