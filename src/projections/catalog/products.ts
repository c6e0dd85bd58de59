import { type ProductEvent } from "../../domains/catalog/events";
import { evolveProduct, type Product } from "../../domains/catalog/product-state";
import { type Projection } from "../../domains/kernel";
import { sortable, words } from "../words";

/** A product as the back office works on it, whatever its status. */
export interface BackOfficeProduct extends Product {
  /** The product's id. */
  readonly _id: string;
  /** Revision of the product's stream: what `If-Match` is compared with. */
  readonly revision: number;
  /** When it was drafted and last changed, in business time. */
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly sortTitle: string;
  /** Title, slug, SKUs, as `words` gives them. */
  readonly words: readonly string[];
}

export const products: Projection<BackOfficeProduct, ProductEvent> = {
  name: "products",
  context: "catalog",
  version: 1,
  independent: true,
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
  ],
  indexes: [
    { key: { sortTitle: 1, _id: 1 } },
    { key: { status: 1, sortTitle: 1, _id: 1 } },
    { key: { updatedAt: -1, _id: 1 } },
    { key: { slug: 1 } },
    { key: { "variants.sku": 1 } },
    { key: { categories: 1 } },
    { key: { words: 1 } },
  ],
  ids: ({ data }) => [data.productId],
  sources: ({ _id }) => [`product-${_id}`],
  apply(document, event) {
    const product = evolveProduct(document ?? { status: "absent" }, event);
    if (product.status === "absent") return undefined;
    const { occurredAt } = event.metadata;
    return {
      ...product,
      _id: product.productId,
      revision: event.revision,
      createdAt: document?.createdAt ?? occurredAt,
      updatedAt: occurredAt,
      sortTitle: sortable(product.title),
      words: words(product.title, product.slug, ...product.variants.map(({ sku }) => sku)),
    };
  },
};
