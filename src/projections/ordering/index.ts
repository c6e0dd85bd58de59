export { type OrderPayment } from "./order-payment";
export { type OrderDocument, orders, type OrdersEvent } from "./orders";
