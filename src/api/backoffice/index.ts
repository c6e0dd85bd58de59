import { type Document, type Projection } from "../../domains/kernel";
import { type Explainer } from "../../infra/audit";
import { type Route } from "../http";
import { type Services } from "../services";
import { bulkRoutes } from "./bulk";
import { CatalogService } from "./catalog-service";
import { causationRoutes } from "./causation";
import { categoryRoutes } from "./categories";
import { portOf } from "./command-port";
import { explainRoutes } from "./explain";
import { Known } from "./known";
import { orderRoutes } from "./orders";
import { paymentRoutes } from "./payments";
import { peopleRoutes } from "./people";
import { priceRoutes } from "./prices";
import { productRoutes } from "./products";
import { stockRoutes } from "./stock";
import { streamDiffRoutes } from "./stream-diff";
import { streamRoutes } from "./streams";

export { CatalogService, type NewCategory, type NewProduct } from "./catalog-service";
export { type CommandPort, portOn } from "./command-port";

/** What is needed to tell where a document, or an event, comes from. */
export interface Explained {
  readonly explainer: Explainer;
  readonly projections: readonly Projection<Document>[];
}

/** What the merchant's own people and systems use: `/admin/v1`, with an API key. */
export function backofficeRoutes(services: Services, { explainer, projections }: Explained): readonly Route[] {
  const catalog = new CatalogService(portOf(services), () => services.now());
  const known = {
    catalog: new Known(services, "catalog"),
    pricing: new Known(services, "pricing"),
    inventory: new Known(services, "inventory"),
  };
  return [
    ...productRoutes(services, catalog, known.catalog),
    ...categoryRoutes(services, catalog, known.catalog),
    ...priceRoutes(services, known.pricing),
    ...stockRoutes(services, known.inventory),
    ...orderRoutes(services),
    ...paymentRoutes(services),
    ...streamRoutes(services),
    ...streamDiffRoutes(services),
    ...explainRoutes(services, explainer, projections),
    ...causationRoutes(services, explainer),
    ...peopleRoutes(services),
    ...bulkRoutes(services, catalog, known),
  ];
}
