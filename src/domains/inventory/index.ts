export * from "./events";
export * from "./stock";
export { available, type Reservation, type StockState } from "./stock-state";
