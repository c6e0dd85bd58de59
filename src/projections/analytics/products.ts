import { type Attributes, type ProductEvent, type Variant } from "../../domains/catalog/events";
import { type Feed, type Recorded } from "../../domains/kernel";
import { type PricingEvent } from "../../domains/pricing/events";

type Told = ProductEvent | PricingEvent;

export type ProductRow = {
  readonly occurredAt: string;
  readonly change:
    | "drafted"
    | "revised"
    | "slug-changed"
    | "published"
    | "unpublished"
    | "discontinued"
    | "variant-added"
    | "variant-revised"
    | "variant-removed"
    | "price-set"
    | "price-withdrawn";
  /** `null` for prices: they hang on the SKU. */
  readonly productId: string | null;
  /** `null` where the whole product changed. */
  readonly sku: string | null;
  /** The product's, or the variant's own. */
  readonly title: string | null;
  readonly slug: string | null;
  readonly taxCategory: string | null;
  readonly categories: readonly string[] | null;
  readonly attributes: Attributes | null;
  readonly priceId: string | null;
  readonly unitPrice: string | null;
  readonly priceCurrency: string | null;
  readonly customerGroup: string | null;
  readonly validFrom: string | null;
  readonly validUntil: string | null;
};

const nothing = {
  productId: null,
  sku: null,
  title: null,
  slug: null,
  taxCategory: null,
  categories: null,
  attributes: null,
  priceId: null,
  unitPrice: null,
  priceCurrency: null,
  customerGroup: null,
  validFrom: null,
  validUntil: null,
} as const;

export const productsFeed: Feed<Told> = {
  name: "products",
  context: "analytics",
  version: 1,
  description:
    "A row for every change of a product, a variant or a price, with the new values that analysts group by; null " +
    "where the change does not touch a column. A product drafted with variants has one row of its own and one for " +
    "each variant. A price is in `unitPrice` and `priceCurrency`: prices are not added up.",
  events: [
    "ProductDrafted",
    "ProductRevised",
    "ProductSlugChanged",
    "ProductPublished",
    "ProductUnpublished",
    "ProductDiscontinued",
    "VariantAdded",
    "VariantRevised",
    "VariantRemoved",
    "PriceSet",
    "PriceWithdrawn",
  ],
  dimensions: ["change", "productId", "sku", "taxCategory", "priceCurrency", "customerGroup"],
  rows(event: Recorded<Told>): readonly ProductRow[] {
    const { occurredAt } = event.metadata;
    return changes(event).map((change) => ({ occurredAt, ...nothing, ...change }));
  },
};

type Change = Partial<ProductRow> & Pick<ProductRow, "change">;

function changes(event: Recorded<Told>): readonly Change[] {
  switch (event.type) {
    case "ProductDrafted": {
      const { productId, title, slug, taxCategory, categories, attributes, variants } = event.data;
      return [
        { change: "drafted", productId, title, slug, taxCategory, categories, attributes },
        ...variants.map((variant) => variantChange("variant-added", productId, variant)),
      ];
    }
    case "ProductRevised": {
      const { productId, title, taxCategory, categories, attributes } = event.data;
      const revised = { title: title ?? null, taxCategory: taxCategory ?? null };
      const lists = { categories: categories ?? null, attributes: attributes ?? null };
      return [{ change: "revised", productId, ...revised, ...lists }];
    }
    case "ProductSlugChanged":
      return [{ change: "slug-changed", productId: event.data.productId, slug: event.data.slug }];
    case "ProductPublished":
      return [{ change: "published", productId: event.data.productId }];
    case "ProductUnpublished":
      return [{ change: "unpublished", productId: event.data.productId }];
    case "ProductDiscontinued":
      return [{ change: "discontinued", productId: event.data.productId }];
    case "VariantAdded":
      return [variantChange("variant-added", event.data.productId, event.data.variant)];
    case "VariantRevised":
      return [variantChange("variant-revised", event.data.productId, event.data.variant)];
    case "VariantRemoved":
      return [{ change: "variant-removed", productId: event.data.productId, sku: event.data.sku }];
    case "PriceSet": {
      const { amount: unitPrice, currency: priceCurrency, ...rest } = event.data;
      return [{ change: "price-set", ...rest, unitPrice, priceCurrency }];
    }
    case "PriceWithdrawn":
      return [{ change: "price-withdrawn", sku: event.data.sku, priceId: event.data.priceId }];
  }
}

const variantChange = (
  change: "variant-added" | "variant-revised",
  productId: string,
  { sku, title, attributes }: Variant,
): Change => ({ change, productId, sku, title: title ?? null, attributes });
