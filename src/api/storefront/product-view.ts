import { z } from "zod";
import { priceAt } from "../../domains/pricing/price-at";
import { compare, type CurrencyCode, type Money } from "../../domains/kernel";
import { type ProductDocument, type ProductVariant } from "../../projections/storefront";
import { mediaSchema, moneySchema, moneyView } from "../shared/schemas";

export const productItemSchema = z
  .object({
    id: z.uuid(),
    slug: z.string(),
    sku: z.string().describe("Of the variant that the price is for."),
    name: z.string(),
    price: moneySchema.nullable().describe("The lowest of its variants now; null: not for sale in this currency."),
    available: z.int().describe("Pieces that can be bought from stock, over all variants."),
    inStock: z.boolean().describe("Available, or sold on backorder."),
    image: mediaSchema.nullable(),
    categories: z.array(z.uuid()),
  })
  .meta({ id: "ProductItem" });

export const productSchema = productItemSchema
  .extend({
    description: z.string(),
    media: z.array(mediaSchema),
    attributes: z.record(z.string(), z.unknown()),
    taxCategory: z.string(),
    variants: z.array(
      z.object({
        sku: z.string(),
        title: z.string().nullable(),
        attributes: z.record(z.string(), z.unknown()),
        price: moneySchema.nullable(),
        available: z.int(),
        allowBackorder: z.boolean(),
      }),
    ),
  })
  .meta({ id: "Product" });

export type ProductItem = z.input<typeof productItemSchema>;

/** The price of a variant now, for everyone. */
function priceOf({ prices }: ProductVariant, currency: CurrencyCode, at: string): Money | null {
  const entry = priceAt(prices, { currency, customerGroup: null, at });
  return entry ? moneyView(entry.amount, currency) : null;
}

export function productItem(document: ProductDocument, currency: CurrencyCode, at: string) {
  let cheapest: { sku: string; price: Money | null } | undefined;
  let available = 0;
  for (const variant of document.variants) {
    available += variant.available;
    const price = priceOf(variant, currency, at);
    const cheaper = price !== null && (!cheapest?.price || compare(price.amount, cheapest.price.amount) < 0);
    if (!cheapest || cheaper) cheapest = { sku: variant.sku, price };
  }
  return {
    id: document.id,
    slug: document.slug,
    sku: cheapest?.sku ?? "",
    name: document.title,
    price: cheapest?.price ?? null,
    available,
    inStock: document.inStock,
    image: document.media.find(({ type }) => type === "image") ?? null,
    categories: document.categories,
  };
}

export function productPage(document: ProductDocument, currency: CurrencyCode, at: string) {
  const { description, media, attributes, taxCategory } = document;
  return {
    ...productItem(document, currency, at),
    description,
    media,
    attributes,
    taxCategory,
    variants: document.variants.map((variant) => ({
      sku: variant.sku,
      title: variant.title,
      attributes: variant.attributes,
      price: priceOf(variant, currency, at),
      available: variant.available,
      allowBackorder: variant.allowBackorder,
    })),
  };
}
