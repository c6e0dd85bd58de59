import { type Route, route } from "../../http";
import { type Services } from "../../services";
import { type CatalogService } from "../catalog-service";
import { making, newCommandOf } from "../conventions";
import { type Known } from "../known";
import { type Bulk, BULK_BODY_LIMIT, bulkSchema, entriesOf, runBulk } from "./entries";
import { bulkPrices } from "./prices";
import { bulkProducts } from "./products";
import { bulkStock } from "./stock";

const DESCRIPTION =
  "Up to 1,000 entries, each a command of its own with an answer of its own: one that is refused does not hold up the " +
  "others. Entries about the same thing are carried out in their order, others at once. Repeated with the same " +
  "`Idempotency-Key`, the request changes nothing and gives the same answers.";

/** Many commands of products in one request. */
export const bulkProductRoutes = (services: Services, catalog: CatalogService, known: Known): readonly Route[] => [
  bulkRoute(
    services,
    "products",
    "writeCatalogue",
    "Many commands of products",
    bulkProducts(services, catalog, known),
  ),
];

/** Many commands of prices in one request. */
export const bulkPriceRoutes = (services: Services, known: Known): readonly Route[] => [
  bulkRoute(services, "prices", "writePrices", "Many prices", bulkPrices(services, known)),
];

/** Many commands of stock in one request. */
export const bulkStockRoutes = (services: Services, known: Known): readonly Route[] => [
  bulkRoute(services, "stock", "writeStock", "Many stock movements", bulkStock(services, known)),
];

function bulkRoute<Entry>(
  services: Services,
  name: "products" | "prices" | "stock",
  who: "writeCatalogue" | "writePrices" | "writeStock",
  summary: string,
  bulk: Bulk<Entry>,
): Route {
  return route({
    ...making(who),
    method: "POST",
    path: `/admin/v1/bulk/${name}`,
    operationId: `bulk${name.charAt(0).toUpperCase()}${name.slice(1)}`,
    summary,
    description: DESCRIPTION,
    body: entriesOf(bulk.entry),
    bodyLimit: BULK_BODY_LIMIT,
    responses: { 200: { description: "What became of each entry", schema: bulkSchema } },
    handler: (context) => runBulk(services, bulk, context.body, newCommandOf(context)),
  });
}
