import { z } from "zod";
import { categoryId, defineEvents, type EventsOf, productId, sku, slug } from "../kernel";
import { taxCategory } from "../reference/events";

/** Name → value. Names begin with a letter and have no dots or dollar signs, so that they can be document fields. */
export const attributes = z.record(
  z.string().regex(/^\p{L}[\p{L}\p{N} _-]{0,63}$/u, "an attribute name is letters, digits, spaces, _ and -"),
  z.union([z.string().max(1000), z.number(), z.boolean()]),
);
export type Attributes = z.output<typeof attributes>;

/** A picture, film or document of a product; `alt` says in words what it shows. */
export const media = z.strictObject({
  type: z.enum(["image", "video", "document"]),
  url: z.string().min(1).max(2048),
  alt: z.string().max(500).optional(),
});
export type Media = z.output<typeof media>;

/** What can be bought: one SKU of a product. `title` tells it from its siblings (`"large, blue"`). */
export const variant = z.strictObject({ sku, title: z.string().min(1).max(200).optional(), attributes });
export type Variant = z.output<typeof variant>;

export const productTitle = z.string().trim().min(1).max(200);
export const productDescription = z.string().max(20_000);
export const categoryName = z.string().trim().min(1).max(100);
/** Place among its siblings, ascending; ties are broken by name. */
export const categoryPosition = z.int().min(0).max(1_000_000);

const product = { productId };
const category = { categoryId };

const productEvents = defineEvents("product", {
  ProductDrafted: {
    version: 1,
    schema: z.strictObject({
      ...product,
      title: productTitle,
      description: productDescription,
      slug,
      taxCategory,
      categories: z.array(categoryId),
      media: z.array(media),
      attributes,
      variants: z.array(variant),
    }),
  },
  /** The whole new value of each field that changed, and no other field. */
  ProductRevised: {
    version: 1,
    schema: z.strictObject({
      ...product,
      title: productTitle.optional(),
      description: productDescription.optional(),
      taxCategory: taxCategory.optional(),
      categories: z.array(categoryId).optional(),
      media: z.array(media).optional(),
      attributes: attributes.optional(),
    }),
  },
  ProductSlugChanged: { version: 1, schema: z.strictObject({ ...product, slug, previousSlug: slug }) },
  VariantAdded: { version: 1, schema: z.strictObject({ ...product, variant }) },
  /** The whole variant as it is from now on. */
  VariantRevised: { version: 1, schema: z.strictObject({ ...product, variant }) },
  VariantRemoved: { version: 1, schema: z.strictObject({ ...product, sku }) },
  ProductPublished: { version: 1, schema: z.strictObject({ ...product }) },
  ProductUnpublished: { version: 1, schema: z.strictObject({ ...product }) },
  ProductDiscontinued: { version: 1, schema: z.strictObject({ ...product }) },
});

const categoryEvents = defineEvents("category", {
  CategoryCreated: {
    version: 1,
    schema: z.strictObject({
      ...category,
      name: categoryName,
      slug,
      parentId: categoryId.nullable(),
      position: categoryPosition,
    }),
  },
  CategoryRenamed: { version: 1, schema: z.strictObject({ ...category, name: categoryName }) },
  CategorySlugChanged: { version: 1, schema: z.strictObject({ ...category, slug, previousSlug: slug }) },
  CategoryMoved: {
    version: 1,
    schema: z.strictObject({ ...category, parentId: categoryId.nullable(), position: categoryPosition }),
  },
  CategoryRemoved: { version: 1, schema: z.strictObject({ ...category }) },
});

const claimEvents = defineEvents("claim", {
  /** The key (`sku:<SKU>`, `slug:<slug>`, `categoryslug:<slug>`) belongs to one owner until released. */
  Claimed: {
    version: 1,
    schema: z.strictObject({ key: z.string().min(1).max(200), owner: z.string().min(1).max(100) }),
  },
  ClaimReleased: {
    version: 1,
    schema: z.strictObject({ key: z.string().min(1).max(200), owner: z.string().min(1).max(100) }),
  },
});

export const catalogEvents = { ...productEvents, ...categoryEvents, ...claimEvents };
export type CatalogEvent = EventsOf<typeof catalogEvents>;

/** Events of `product-<uuid>` streams. */
export type ProductEvent = EventsOf<typeof productEvents>;
/** Events of `category-<uuid>` streams. */
export type CategoryEvent = EventsOf<typeof categoryEvents>;
/** Events of `claim-<key>` streams. */
export type ClaimEvent = EventsOf<typeof claimEvents>;
