import { type Route } from "../http";
import { type Services } from "../services";
import { bulkRoutes } from "./bulk";
import { CatalogService } from "./catalog-service";
import { categoryRoutes } from "./categories";
import { portOf } from "./command-port";
import { Known } from "./known";
import { orderRoutes } from "./orders";
import { paymentRoutes } from "./payments";
import { priceRoutes } from "./prices";
import { productRoutes } from "./products";
import { stockRoutes } from "./stock";
import { streamDiffRoutes } from "./stream-diff";
import { streamRoutes } from "./streams";

export { CatalogService, type NewCategory, type NewProduct } from "./catalog-service";
export { type CommandPort, portOn } from "./command-port";

/** What the merchant's own people and systems use: `/admin/v1`, with an API key. */
export function backofficeRoutes(services: Services): readonly Route[] {
  const catalog = new CatalogService(portOf(services), () => services.now());
  const known = new Known(services);
  return [
    ...productRoutes(services, catalog, known),
    ...categoryRoutes(services, catalog, known),
    ...priceRoutes(services, known),
    ...stockRoutes(services, known),
    ...orderRoutes(services),
    ...paymentRoutes(services),
    ...streamRoutes(services),
    ...streamDiffRoutes(services),
    ...bulkRoutes(services, catalog, known),
  ];
}
