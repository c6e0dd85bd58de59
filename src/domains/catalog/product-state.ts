import { type CategoryId, type ProductId, type Sku, type Slug } from "../kernel";
import { type Attributes, type Media, type ProductEvent, type Variant } from "./events";

/**
 * A product's life: `draft` → `published` ⇄ `unpublished` → `discontinued`. Shoppers see published products only; a
 * discontinued one never comes back and keeps its SKUs and slug, since old orders and links name them.
 */
export type ProductState = { readonly status: "absent" } | Product;

export interface Product extends ProductContent {
  readonly status: "draft" | "published" | "unpublished" | "discontinued";
  readonly productId: ProductId;
  readonly slug: Slug;
  /** In the order in which they are shown; a product has tens, not thousands. */
  readonly variants: readonly Variant[];
}

/** What a revision may change. */
export interface ProductContent {
  readonly title: string;
  readonly description: string;
  readonly taxCategory: string;
  readonly categories: readonly CategoryId[];
  readonly media: readonly Media[];
  readonly attributes: Attributes;
}

export const hasVariant = (product: Product, sku: Sku): boolean =>
  product.variants.some((variant) => variant.sku === sku);

export function evolveProduct(state: ProductState, event: ProductEvent): ProductState {
  if (event.type === "ProductDrafted") return { status: "draft", ...event.data };
  return state.status === "absent" ? state : { ...state, ...changes(state, event) };
}

function changes(state: Product, event: Exclude<ProductEvent, { type: "ProductDrafted" }>): Partial<Product> {
  switch (event.type) {
    case "ProductRevised":
      return event.data as Partial<Product>;
    case "ProductSlugChanged":
      return { slug: event.data.slug };
    case "VariantAdded":
      return { variants: [...state.variants, event.data.variant] };
    case "VariantRevised": {
      const { variant } = event.data;
      return { variants: state.variants.map((known) => (known.sku === variant.sku ? variant : known)) };
    }
    case "VariantRemoved":
      return { variants: state.variants.filter((known) => known.sku !== event.data.sku) };
    case "ProductPublished":
      return { status: "published" };
    case "ProductUnpublished":
      return { status: "unpublished" };
    case "ProductDiscontinued":
      return { status: "discontinued" };
  }
}
