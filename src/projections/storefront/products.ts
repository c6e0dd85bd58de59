import { type ProductEvent } from "../../domains/catalog/events";
import { type InventoryEvent } from "../../domains/inventory/events";
import { DEFAULT_LOCATION } from "../../domains/inventory/stock-id";
import { type Lookup, type Projection, type Recorded } from "../../domains/kernel";
import { type PricingEvent } from "../../domains/pricing/events";
import { pricesKey, productKey, skuKey, type StorefrontDocument } from "./documents";
import { productAfter, productAfterSku } from "./product";
import { pricesAfter, skuAfterPrice, skuAfterProduct, skuAfterStock, skusOf } from "./sku";

export type StorefrontEvent = ProductEvent | PricingEvent | InventoryEvent;

const visible = { visible: true };

/** What shoppers see of the catalog, with prices and stock; see `StorefrontDocument`. */
export const products: Projection<StorefrontDocument, StorefrontEvent> = {
  name: "products",
  context: "storefront",
  version: 1,
  events: [
    "ProductDrafted",
    "ProductRevised",
    "ProductSlugChanged",
    "VariantAdded",
    "VariantRevised",
    "VariantRemoved",
    "ProductPublished",
    "ProductUnpublished",
    "ProductDiscontinued",
    "PriceSet",
    "PriceWithdrawn",
    "StockReceived",
    "StockAdjusted",
    "BackorderPolicySet",
    "StockReserved",
    "ReservationReleased",
    "ReservationLapsed",
    "StockShipped",
  ],
  /** For queries that ask for `visible: true`. */
  indexes: [
    { key: { sortTitle: 1, _id: 1 }, partialFilterExpression: visible },
    { key: { publishedAt: -1, _id: 1 }, partialFilterExpression: visible },
    { key: { "priceSort.$**": 1 }, partialFilterExpression: visible },
    { key: { categories: 1, sortTitle: 1, _id: 1 }, partialFilterExpression: visible },
    { key: { words: 1 }, partialFilterExpression: visible },
    { key: { slug: 1 }, partialFilterExpression: visible },
  ],
  /** Prices before the SKU, and that before the product: each takes from the one before. */
  ids(event, lookup) {
    switch (event.type) {
      case "PriceSet":
      case "PriceWithdrawn":
        return [pricesKey(event.data.sku), skuKey(event.data.sku), ...productOf(event.data.sku, lookup)];
      case "StockReceived":
      case "StockAdjusted":
      case "BackorderPolicySet":
      case "StockReserved":
      case "ReservationReleased":
      case "ReservationLapsed":
      case "StockShipped":
        return [skuKey(event.data.sku), ...productOf(event.data.sku, lookup)];
      default:
        return [...skusOf(event).map(skuKey), productKey(event.data.productId)];
    }
  },
  sources(document) {
    switch (document.kind) {
      case "prices":
        return [`price-${document._id.slice(pricesKey("").length)}`];
      case "sku": {
        const { sku, productId, stock } = document;
        const levels = Object.keys(stock).map((location) => `stock-${location}-${sku}`);
        return [`price-${sku}`, ...levels, ...(productId === null ? [] : [`product-${productId}`])];
      }
      case "product": {
        const { id, variants } = document;
        return [
          `product-${id}`,
          ...variants.flatMap(({ sku }) => [`price-${sku}`, `stock-${DEFAULT_LOCATION}-${sku}`]),
        ];
      }
    }
  },
  apply(document, event, id, lookup) {
    switch (event.type) {
      case "PriceSet":
      case "PriceWithdrawn":
        return afterPrice(document, event, id, lookup);
      case "StockReceived":
      case "StockAdjusted":
      case "BackorderPolicySet":
      case "StockReserved":
      case "ReservationReleased":
      case "ReservationLapsed":
      case "StockShipped":
        if (document?.kind === "product") return productAfterSku(document, event.data.sku, lookup);
        return skuAfterStock(as("sku", document), event);
      default:
        if (id === productKey(event.data.productId)) return productAfter(as("product", document), event, lookup);
        return skuAfterProduct(as("sku", document), id.slice(skuKey("").length), event);
    }
  },
};

function afterPrice(
  document: StorefrontDocument | undefined,
  event: Recorded<PricingEvent>,
  id: string,
  lookup: Lookup<StorefrontDocument>,
): StorefrontDocument {
  const { sku } = event.data;
  if (document?.kind === "product") return productAfterSku(document, sku, lookup);
  if (id === pricesKey(sku)) return pricesAfter(as("prices", document), event);
  return skuAfterPrice(as("sku", document), event, as("prices", lookup(pricesKey(sku))));
}

/** The product that has the SKU, if it is known yet. */
function productOf(sku: string, lookup: Lookup<StorefrontDocument>): string[] {
  const productId = as("sku", lookup(skuKey(sku)))?.productId;
  return productId === undefined || productId === null ? [] : [productKey(productId)];
}

function as<K extends StorefrontDocument["kind"]>(kind: K, document: StorefrontDocument | undefined) {
  return document?.kind === kind ? (document as Extract<StorefrontDocument, { kind: K }>) : undefined;
}
