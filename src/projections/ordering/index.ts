export { type OrderPayment } from "./order-payment";
export { type OrderDocument, orders } from "./orders";
