export * from "./cart";
export { type Cart, type CartLine, type CartState } from "./cart-state";
export * from "./commands";
export * from "./events";
export { type ChangedPrice, changedPrices, QUOTES_INCOMPLETE } from "./quotes";
export * from "./shipping";
export * from "./totals";
export { cartTotals, cartView, type CartLineView, type CartView } from "./view";
