import { z } from "zod";
import { attributes, media, type Product, productDescription, productTitle, variant } from "../../domains/catalog";
import { categoryId, sku, type Slug, slug } from "../../domains/kernel";
import { taxCategory } from "../../domains/reference";
import { words } from "../../projections/words";

/** Bounds that keep an event far below what the log takes. */
const mediaList = z.array(media).max(100);
const variantTitle = z.string().trim().min(1).max(200);

/** Each with at most 100 attributes. */
const attributeMap = attributes.refine((map) => Object.keys(map).length <= 100, "at most 100 attributes");
export const newVariant = z.strictObject({ sku, title: variantTitle.optional(), attributes: attributeMap.default({}) });

const revisable = {
  description: productDescription,
  taxCategory,
  categories: z.array(categoryId).max(100),
  media: mediaList,
  attributes: attributeMap,
};

/** What is sent to draft a product. */
export const newProductFields = {
  title: productTitle,
  slug: slug.describe("Made from the title when absent.").optional(),
  description: revisable.description.default(""),
  taxCategory: revisable.taxCategory.default("standard"),
  categories: revisable.categories.default([]),
  media: revisable.media.default([]),
  attributes: revisable.attributes.default({}),
  variants: z.array(newVariant).max(100).default([]),
};

/** Gives a product without a slug one by its title. */
const withSlug = <Body extends { readonly title: string; readonly slug?: Slug | undefined }>(body: Body) => ({
  ...body,
  slug: body.slug ?? slugFrom(body.title),
});

const needsSlug = {
  path: ["slug"],
  message: "is required, since the title has no letters a to z or digits to make one from",
};
/** Whatever else the schema has, its title must be good for a slug where none is given. */
export const slugged = <S extends z.ZodType<{ readonly title: string; readonly slug?: Slug | undefined }>>(schema: S) =>
  schema.transform(withSlug<z.output<S>>).refine(({ slug: made }) => made !== "", needsSlug);

export const newProduct = slugged(z.strictObject(newProductFields));

export const productChangeFields = { title: productTitle, ...revisable };

export const productChanges = z
  .strictObject(productChangeFields)
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, "must name at least one field to change");

export const newSlug = z.strictObject({ slug });

export const variantChangeFields = {
  title: z.string().trim().max(200).describe("Empty: takes the title away."),
  attributes: attributeMap,
};
export const variantChanges = z
  .strictObject(variantChangeFields)
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, "must name at least one field to change");

/** `Crème brûlée, 6 pieces` → `creme-brulee-6-pieces`. */
function slugFrom(title: string): Slug {
  const parts = words(title).map((word) => word.replace(/[^a-z0-9]/g, ""));
  return parts
    .filter((part) => part !== "")
    .join("-")
    .slice(0, 100)
    .replace(/-$/, "") as Slug;
}

export const statuses = ["draft", "published", "unpublished", "discontinued"] as const;

const shown = {
  id: z.uuid(),
  status: z.enum(statuses),
  title: z.string(),
  slug: z.string(),
  description: z.string(),
  taxCategory: z.string(),
  categories: z.array(z.string()),
  media: z.array(media),
  attributes,
  variants: z.array(variant),
  revision: z.int(),
};

/** A product as a command leaves it. */
export const productSchema = z.object(shown).meta({ id: "BackOfficeProduct" });
/** A product as it is read. */
export const readProductSchema = z
  .object({ ...shown, createdAt: z.string(), updatedAt: z.string() })
  .meta({ id: "BackOfficeProductRead" });

export const productView = (product: Product, revision: number) => ({
  id: product.productId,
  status: product.status,
  title: product.title,
  slug: product.slug,
  description: product.description,
  taxCategory: product.taxCategory,
  categories: product.categories,
  media: product.media,
  attributes: product.attributes,
  variants: product.variants,
  revision,
});
