export * from "./events";
export * from "./level";
export * from "./stock";
export { type Reservation, type StockState } from "./stock-state";
