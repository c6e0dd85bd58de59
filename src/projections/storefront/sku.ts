import { type ProductEvent } from "../../domains/catalog/events";
import { type InventoryEvent } from "../../domains/inventory/events";
import { levelAfter, noLevel } from "../../domains/inventory/level";
import { type Recorded } from "../../domains/kernel";
import { type PriceEntry, type PricingEvent } from "../../domains/pricing/events";
import { priceAt, pricesFrom } from "../../domains/pricing/price-at";
import { type PricesDocument, pricesKey, type PriceSort, type SkuDocument, skuKey } from "./documents";

/** The SKUs whose product the event sets or ends. */
export function skusOf({ type, data }: ProductEvent): readonly string[] {
  switch (type) {
    case "ProductDrafted":
      return data.variants.map(({ sku }) => sku);
    case "VariantAdded":
      return [data.variant.sku];
    case "VariantRemoved":
      return [data.sku];
    case "ProductRevised":
    case "ProductSlugChanged":
    case "VariantRevised":
    case "ProductPublished":
    case "ProductUnpublished":
    case "ProductDiscontinued":
      return [];
  }
}

const unknownSku = (sku: string): SkuDocument => ({
  _id: skuKey(sku),
  kind: "sku",
  sku,
  productId: null,
  prices: [],
  priceSort: {},
  stock: {},
});

export function skuAfterProduct(document: SkuDocument | undefined, sku: string, event: ProductEvent): SkuDocument {
  const known = document ?? unknownSku(sku);
  const { productId } = event.data;
  if (event.type !== "VariantRemoved") return { ...known, productId };
  return known.productId === productId ? { ...known, productId: null } : known;
}

export function skuAfterStock(document: SkuDocument | undefined, event: InventoryEvent): SkuDocument {
  const { sku, location } = event.data;
  const known = document ?? unknownSku(sku);
  const level = levelAfter(known.stock[location] ?? noLevel, event);
  return { ...known, stock: { ...known.stock, [location]: level } };
}

/** Past prices are left out as of the time when the log took the event: nobody reads at an earlier time. */
export function skuAfterPrice(
  document: SkuDocument | undefined,
  { data: { sku }, recordedAt }: Recorded<PricingEvent>,
  all: PricesDocument | undefined,
): SkuDocument {
  const prices = pricesFrom(all?.entries ?? [], recordedAt);
  return { ...(document ?? unknownSku(sku)), prices, priceSort: priceSortAt(prices, recordedAt) };
}

export function pricesAfter(document: PricesDocument | undefined, event: PricingEvent): PricesDocument {
  const entries = document?.entries ?? [];
  const _id = pricesKey(event.data.sku);
  switch (event.type) {
    case "PriceSet": {
      const { sku: _, ...entry } = event.data;
      return { _id, kind: "prices", entries: [...entries, entry] };
    }
    case "PriceWithdrawn": {
      const { priceId } = event.data;
      return { _id, kind: "prices", entries: entries.filter((entry) => entry.priceId !== priceId) };
    }
  }
}

function priceSortAt(prices: readonly PriceEntry[], at: string): PriceSort {
  const found: Record<string, number> = {};
  for (const currency of new Set(prices.map((price) => price.currency))) {
    const price = priceAt(prices, { currency, customerGroup: null, at });
    if (price !== undefined) found[currency] = Number(price.amount);
  }
  return found;
}
