export * from "./events";
export * from "./payment";
export { type Payment, type PaymentState } from "./payment-state";
export * from "./provider";
