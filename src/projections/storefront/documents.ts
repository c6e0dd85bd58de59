import { type Variant } from "../../domains/catalog/events";
import { type Product } from "../../domains/catalog/product-state";
import { type Level } from "../../domains/inventory/level";
import { type PriceEntry } from "../../domains/pricing/events";

/**
 * The storefront's `products` read model joins catalog, pricing and inventory, in three kinds of documents:
 *
 * - `prices:<sku>` keeps every price of a SKU (a price withdrawn brings back the one before it),
 * - `sku:<sku>` keeps what is known of a SKU so far, whether or not a product has it yet,
 * - `product:<id>` is what shoppers see; it is all that a list or a page needs.
 *
 * An event on a price or on stock goes from the first to the last; an event on a product takes from its SKUs' documents
 * what came before. So the outcome is the same in whatever order the events of different streams come.
 */
export type StorefrontDocument = ProductDocument | SkuDocument | PricesDocument;

export const productKey = (productId: string): string => `product:${productId}`;
export const skuKey = (sku: string): string => `sku:${sku}`;
export const pricesKey = (sku: string): string => `prices:${sku}`;

/** Currency → amount: numbers for sorting and filtering only, never shown and never reckoned with. */
export type PriceSort = Readonly<Record<string, number>>;

export interface PricesDocument {
  readonly _id: string;
  readonly kind: "prices";
  /** In the order in which they were set; without those withdrawn. */
  readonly entries: readonly PriceEntry[];
}

export interface SkuDocument {
  readonly _id: string;
  readonly kind: "sku";
  readonly sku: string;
  /** The product that has it as a variant; `null` while none does. */
  readonly productId: Product["productId"] | null;
  /** Present and future prices, for `priceAt`; those past are left out. */
  readonly prices: readonly PriceEntry[];
  /** The general price per currency at the time of the last price event. */
  readonly priceSort: PriceSort;
  /** By location. */
  readonly stock: Readonly<Record<string, Level>>;
}

export interface ProductVariant extends Pick<Variant, "sku" | "attributes"> {
  readonly title: string | null;
  /** Present and future prices; the API picks with `priceAt` at the time of reading. None in a currency: no price. */
  readonly prices: readonly PriceEntry[];
  readonly priceSort: PriceSort;
  /** Where checkout reserves. */
  readonly onHand: number;
  /** Pieces that can be bought from there; never below zero. */
  readonly available: number;
  /** Whether it can be bought though none is available. */
  readonly allowBackorder: boolean;
}

/**
 * To filter by a category with all below it, ask for `categories: { $in: subtreeIds(tree, category) }`: the tree is one
 * small document, and moving a category touches no product.
 */
export interface ProductDocument extends Omit<Product, "productId" | "variants"> {
  readonly _id: string;
  readonly kind: "product";
  readonly id: Product["productId"];
  /** Only published products are visible. */
  readonly visible: boolean;
  readonly variants: readonly ProductVariant[];
  /** Over its variants: the lowest general price per currency. */
  readonly priceSort: PriceSort;
  /** Whether any variant can be bought from stock or on backorder. */
  readonly inStock: boolean;
  /** Title as it is sorted. */
  readonly sortTitle: string;
  /** When it was first published, in business time; what "newest" means. */
  readonly publishedAt: string | null;
  /**
   * What it is found by: title, variant titles, SKUs and attribute values as `words`; every word of a search must be
   * the beginning of one of these.
   */
  readonly words: readonly string[];
}
