import { type ProductEvent } from "../../../../src/domains/catalog/events";
import { type CategoryId, type Slug, type Sku, type Timestamp } from "../../../../src/domains/kernel";
import { type PricingEvent } from "../../../../src/domains/pricing/events";
import { productsFeed } from "../../../../src/projections/analytics";
import { GBP, productId } from "../../domains/cart/fixtures";
import { rowsOf, second } from "./sales";

const sku = "MUG-L" as Sku;
const drafted: ProductEvent = {
  type: "ProductDrafted",
  data: {
    productId,
    title: "Mug",
    description: "A long text",
    slug: "mug" as Slug,
    taxCategory: "standard",
    categories: ["66666666-6666-4666-8666-666666666666" as CategoryId],
    media: [{ type: "image", url: "/mug.jpg" }],
    attributes: { material: "clay" },
    variants: [{ sku, title: "large", attributes: { size: "L" } }],
  },
};

describe("products", () => {
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
  };

  it("has a row for a product and for each of its variants", () => {
    const { title, slug, taxCategory, categories, attributes } = drafted.data;
    expect(rowsOf(productsFeed, drafted)).toEqual([
      {
        ...nothing,
        ...{ title, slug, taxCategory, categories, attributes },
        occurredAt: second(0),
        change: "drafted",
        productId,
      },
      {
        ...nothing,
        occurredAt: second(0),
        change: "variant-added",
        productId,
        sku,
        title: "large",
        attributes: { size: "L" },
      },
    ]);
  });

  it("tells every change with its new values", () => {
    const variant = { sku, attributes: { size: "XL" } };
    const events: ProductEvent[] = [
      { type: "ProductRevised", data: { productId, title: "Big mug", attributes: {} } },
      { type: "ProductSlugChanged", data: { productId, slug: "big-mug" as Slug, previousSlug: "mug" as Slug } },
      { type: "ProductPublished", data: { productId } },
      { type: "VariantAdded", data: { productId, variant } },
      { type: "VariantRevised", data: { productId, variant } },
      { type: "VariantRemoved", data: { productId, sku } },
      { type: "ProductUnpublished", data: { productId } },
      { type: "ProductDiscontinued", data: { productId } },
    ];
    const row = (n: number, change: string, more: object = {}) => ({
      ...nothing,
      occurredAt: second(n),
      change,
      productId,
      ...more,
    });
    expect(rowsOf(productsFeed, ...events)).toEqual([
      row(0, "revised", { title: "Big mug", attributes: {} }),
      row(1, "slug-changed", { slug: "big-mug" }),
      row(2, "published"),
      row(3, "variant-added", variant),
      row(4, "variant-revised", variant),
      row(5, "variant-removed", { sku }),
      row(6, "unpublished"),
      row(7, "discontinued"),
    ]);
  });

  it("tells prices, which nobody adds up", () => {
    const terms = { priceId: "p1", customerGroup: "trade", validFrom: second(0) as Timestamp, validUntil: null };
    const events: PricingEvent[] = [
      { type: "PriceSet", data: { sku, ...terms, currency: GBP, amount: "2.955" } },
      { type: "PriceWithdrawn", data: { sku, priceId: "p1" } },
    ];
    const rows = rowsOf(productsFeed, ...events);
    expect(rows).toEqual([
      {
        ...nothing,
        ...terms,
        occurredAt: second(0),
        change: "price-set",
        sku,
        unitPrice: "2.955",
        priceCurrency: "GBP",
      },
      { ...nothing, occurredAt: second(1), change: "price-withdrawn", sku, priceId: "p1" },
    ]);
    for (const row of rows) expect(Object.keys(row)).not.toContain("amount");
  });
});
