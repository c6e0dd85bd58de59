import { type PaymentProviders } from "../../infra/payments";
import { type Route } from "../http";
import { type Services } from "../services";
import { cartRoutes } from "./carts";
import { checkoutRoutes } from "./checkout";
import { orderRoutes } from "./orders";
import { productRoutes } from "./products";

/** What shoppers and their frontends use: `/store/v1`. */
export const storefrontRoutes = (services: Services, providers: PaymentProviders): readonly Route[] => [
  ...productRoutes(services),
  ...cartRoutes(services),
  ...checkoutRoutes(services, providers),
  ...orderRoutes(services),
];
