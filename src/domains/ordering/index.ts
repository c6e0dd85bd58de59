export * from "./checkout-events";
export { type CheckoutState } from "./checkout-state";
export { placement } from "./checkout-wants";
export * from "./events";
export * from "./import-row";
export * from "./order";
export * from "./order-number";
export { type Order, type OrderState } from "./order-state";
export * from "./process";
