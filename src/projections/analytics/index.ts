import { type Feed } from "../../domains/kernel";
import { auditFeed } from "./audit";
import { cartEventsFeed } from "./cart-events";
import { orderLinesFeed } from "./order-lines";
import { ordersFeed } from "./orders";
import { productsFeed } from "./products";
import { stockMovementsFeed } from "./stock-movements";

export { auditFeed, type AuditRow } from "./audit";
export { cartEventsFeed, type CartEventRow } from "./cart-events";
export { orderLinesFeed, SHIPPING, type OrderLineKind, type OrderLineRow } from "./order-lines";
export { ordersFeed, type OrderRow } from "./orders";
export { productsFeed, type ProductRow } from "./products";
export { ordersByState, totals, type Happening, type TotalsDocument } from "./totals";
export { stockMovementsFeed, type StockMovementRow } from "./stock-movements";

/** Every feed of the shop. */
export const analyticsFeeds: readonly Feed[] = [
  orderLinesFeed,
  ordersFeed,
  stockMovementsFeed,
  productsFeed,
  cartEventsFeed,
  auditFeed,
];
