import { type ProductEvent, type Variant } from "../../domains/catalog/events";
import { evolveProduct, type Product, type ProductState } from "../../domains/catalog/product-state";
import { available, noLevel } from "../../domains/inventory/level";
import { DEFAULT_LOCATION } from "../../domains/inventory/stock-id";
import { type Lookup, type Recorded } from "../../domains/kernel";
import { sortable, words } from "../words";
import {
  type ProductDocument,
  productKey,
  type ProductVariant,
  type SkuDocument,
  skuKey,
  type StorefrontDocument,
} from "./documents";

type Documents = Lookup<StorefrontDocument>;

export function productAfter(
  document: ProductDocument | undefined,
  event: Recorded<ProductEvent>,
  lookup: Documents,
): ProductDocument | undefined {
  const product = evolveProduct(stateOf(document), event);
  if (product.status === "absent") return undefined;
  const variants = product.variants.map((variant) => joined(variant, lookup));
  const publishedNow = event.type === "ProductPublished" ? event.metadata.occurredAt : null;
  return {
    _id: productKey(product.productId),
    kind: "product",
    id: product.productId,
    slug: product.slug,
    status: product.status,
    visible: product.status === "published",
    title: product.title,
    description: product.description,
    media: product.media,
    attributes: product.attributes,
    categories: product.categories,
    taxCategory: product.taxCategory,
    sortTitle: sortable(product.title),
    publishedAt: document?.publishedAt ?? publishedNow,
    words: searchWords(product),
    variants,
    ...overVariants(variants),
  };
}

/** After a price or the stock of one of its variants changed. */
export function productAfterSku(document: ProductDocument, sku: string, lookup: Documents): ProductDocument {
  const variants = document.variants.map((known) =>
    known.sku === sku ? { ...known, ...offerOf(skuDocument(sku, lookup)) } : known,
  );
  return { ...document, variants, ...overVariants(variants) };
}

/** The product as its own events tell it. */
function stateOf(document: ProductDocument | undefined): ProductState {
  if (document === undefined) return { status: "absent" };
  const { id, ...rest } = document;
  const variants = document.variants.map(({ sku, title, attributes }) => ({
    sku,
    ...(title === null ? {} : { title }),
    attributes,
  }));
  return { ...rest, productId: id, variants };
}

const joined = (variant: Variant, lookup: Documents): ProductVariant => ({
  sku: variant.sku,
  title: variant.title ?? null,
  attributes: variant.attributes,
  ...offerOf(skuDocument(variant.sku, lookup)),
});

type Offer = Pick<ProductVariant, "prices" | "priceSort" | "onHand" | "available" | "allowBackorder">;

/** What lies elsewhere than where checkout reserves cannot be bought, and is not shown. */
function offerOf(sku: SkuDocument | undefined): Offer {
  const level = sku?.stock[DEFAULT_LOCATION] ?? noLevel;
  return {
    prices: sku?.prices ?? [],
    priceSort: sku?.priceSort ?? {},
    onHand: level.onHand,
    available: Math.max(0, available(level)),
    allowBackorder: level.allowBackorder,
  };
}

function overVariants(variants: readonly ProductVariant[]): Pick<ProductDocument, "priceSort" | "inStock"> {
  const priceSort: Record<string, number> = {};
  for (const [currency, price] of variants.flatMap((variant) => Object.entries(variant.priceSort))) {
    priceSort[currency] = Math.min(price, priceSort[currency] ?? price);
  }
  return { priceSort, inStock: variants.some((variant) => variant.available > 0 || variant.allowBackorder) };
}

function skuDocument(sku: string, lookup: Documents): SkuDocument | undefined {
  const document = lookup(skuKey(sku));
  return document?.kind === "sku" ? document : undefined;
}

function searchWords({ title, variants, attributes }: Product): string[] {
  const values = [attributes, ...variants.map((variant) => variant.attributes)].flatMap(Object.values) as unknown[];
  return words(
    title,
    ...variants.flatMap((variant) => [variant.sku, variant.title ?? ""]),
    ...values.filter((value) => typeof value === "string"),
  );
}
