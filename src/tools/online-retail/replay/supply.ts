import { type Plan } from "../classify";
import { type ReplayCart } from "./carts";

/** An article that the carts ask for. */
export interface SupplyArticle {
  readonly sku: string;
  readonly title: string;
  readonly slug: string;
  /** In GBP. */
  readonly price: string;
  /** Pieces that all carts together ask for. */
  readonly quantity: number;
}

/** What a shop must have before the carts can be bought, sorted by SKU. */
export function supplyOf({ articles }: Plan, carts: readonly ReplayCart[]): readonly SupplyArticle[] {
  const needed = new Map<string, number>();
  for (const { lines } of carts)
    for (const { sku, quantity } of lines) needed.set(sku, (needed.get(sku) ?? 0) + quantity);
  return articles
    .flatMap(({ code, title, slug, typicalPrice }) => {
      const quantity = needed.get(code);
      if (quantity === undefined || typicalPrice === undefined) return [];
      return [{ sku: code, title, slug, price: typicalPrice, quantity }];
    })
    .sort((a, b) => (a.sku < b.sku ? -1 : 1));
}
