export * from "./events";
export * from "./level";
export * from "./stock";
export * from "./stock-id";
export { type Reservation, type StockState } from "./stock-state";
