import { type ShopClient } from "../http";

/** What can be bought at a shop. */
export interface Assortment {
  readonly currency: string;
  readonly products: readonly { readonly id: string; readonly slug: string; readonly sku: string }[];
  readonly categories: readonly string[];
}

interface ProductPage {
  readonly items: readonly {
    readonly id: string;
    readonly slug: string;
    readonly sku: string;
    readonly price: { readonly currency: string } | null;
    readonly categories?: readonly string[];
  }[];
  readonly nextCursor?: string | null;
}

/** Enough for every kind of request to meet different articles. */
const ENOUGH = 500;

/** @throws when nothing is for sale */
export async function assortmentOf(client: ShopClient): Promise<Assortment> {
  const products: Assortment["products"][number][] = [];
  const categories = new Set<string>();
  let currency: string | undefined;
  let cursor: string | null | undefined;
  do {
    const path = `/store/v1/products?limit=100${cursor ? `&cursor=${cursor}` : ""}`;
    const page: ProductPage = await client.json<ProductPage>({ method: "GET", path, kind: "prepare" });
    for (const { id, slug, sku, price, categories: own = [] } of page.items) {
      if (price === null) continue;
      currency ??= price.currency;
      products.push({ id, slug, sku });
      for (const category of own) categories.add(category);
    }
    cursor = page.nextCursor;
  } while (cursor && products.length < ENOUGH);
  if (currency === undefined) throw new Error("The shop has nothing for sale: import or create articles first.");
  return { currency, products, categories: [...categories] };
}
