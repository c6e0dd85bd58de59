import { type PaymentProviders } from "../../infra/payments";
import { type Route } from "../http";
import { type Services } from "../services";
import { cartRoutes } from "./carts";
import { checkoutRoutes } from "./checkout";
import { liveRoutes } from "./live";
import { orderRoutes } from "./orders";
import { ProductPages } from "./product-pages";
import { productRoutes } from "./products";

/** What shoppers and their frontends use: `/store/v1`. */
export function storefrontRoutes(services: Services, providers: PaymentProviders): readonly Route[] {
  const pages = new ProductPages(services);
  return [
    ...productRoutes(services, pages),
    ...cartRoutes(services),
    ...checkoutRoutes(services, providers),
    ...orderRoutes(services),
    ...liveRoutes(services, pages),
  ];
}
