import { type PaymentProviders } from "../../infra/payments";
import { type Route } from "../http";
import { type Services } from "../services";
import { cartRoutes } from "./carts";
import { checkoutRoutes } from "./checkout";
import { liveCartRoutes, liveOrderRoutes, liveProductRoutes } from "./live";
import { orderRoutes } from "./orders";
import { ProductPages } from "./product-pages";
import { productRoutes } from "./products";
import { type SettledOrders } from "./settled-orders";

export { SettledInLog, settledInReadModel, type SettledOrders } from "./settled-orders";

/* What shoppers and their frontends use: `/store/v1`. Each context has its own routes. */

/** Products and categories. */
export function catalogueRoutes(services: Services): readonly Route[] {
  const pages = new ProductPages(services);
  return [...productRoutes(services, pages), ...liveProductRoutes(services, pages)];
}

/** Carts, up to the order that is made of one. */
export const shoppingRoutes = (
  services: Services,
  providers: PaymentProviders,
  settled: SettledOrders,
): readonly Route[] => [
  ...cartRoutes(services),
  ...checkoutRoutes(services, providers, settled),
  ...liveCartRoutes(services),
];

/** A shopper's own orders. */
export const shoppersOrderRoutes = (services: Services): readonly Route[] => [
  ...orderRoutes(services),
  ...liveOrderRoutes(services),
];
