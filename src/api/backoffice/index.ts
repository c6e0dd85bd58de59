import { type Explainer } from "../../infra/audit";
import { type Route } from "../http";
import { type Services } from "../services";
import { bulkPriceRoutes, bulkProductRoutes, bulkStockRoutes } from "./bulk";
import { CatalogService } from "./catalog-service";
import { causationRoutes } from "./causation";
import { categoryRoutes } from "./categories";
import { portOf } from "./command-port";
import { Known } from "./known";
import { priceRoutes } from "./prices";
import { productRoutes } from "./products";
import { stockRoutes } from "./stock";
import { streamDiffRoutes } from "./stream-diff";
import { streamRoutes } from "./streams";

export { CatalogService, type NewCategory, type NewProduct } from "./catalog-service";
export { type CommandPort, portOn } from "./command-port";
export { explainRoutes } from "./explain";
export { orderRoutes } from "./orders";
export { paymentRoutes } from "./payments";
export { peopleRoutes } from "./people";

/* What the merchant's own people and systems use: `/admin/v1`, with an API key. Each context has its own routes. */

/** Products and categories. */
export function catalogRoutes(services: Services): readonly Route[] {
  const catalog = new CatalogService(portOf(services), () => services.now());
  const known = new Known(services, "catalog");
  return [
    ...productRoutes(services, catalog, known),
    ...categoryRoutes(services, catalog, known),
    ...bulkProductRoutes(services, catalog, known),
  ];
}

export function pricingRoutes(services: Services): readonly Route[] {
  const known = new Known(services, "pricing");
  return [...priceRoutes(services, known), ...bulkPriceRoutes(services, known)];
}

export function inventoryRoutes(services: Services): readonly Route[] {
  const known = new Known(services, "inventory");
  return [...stockRoutes(services, known), ...bulkStockRoutes(services, known)];
}

/** The log as it is: streams, their states, causes and effects. It is in nobody's read models. */
export const historyRoutes = (services: Services, explainer: Explainer): readonly Route[] => [
  ...streamRoutes(services),
  ...streamDiffRoutes(services),
  ...causationRoutes(services, explainer),
];
