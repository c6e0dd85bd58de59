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

/** Many commands in one request. */
export function bulkRoutes(
  services: Services,
  catalog: CatalogService,
  known: Readonly<Record<"catalog" | "pricing" | "inventory", Known>>,
): readonly Route[] {
  function bulkRoute<Entry>(
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
  return [
    bulkRoute(
      "products",
      "writeCatalogue",
      "Many commands of products",
      bulkProducts(services, catalog, known.catalog),
    ),
    bulkRoute("prices", "writePrices", "Many prices", bulkPrices(services, known.pricing)),
    bulkRoute("stock", "writeStock", "Many stock movements", bulkStock(services, known.inventory)),
  ];
}
