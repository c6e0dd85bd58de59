import {
  type Aggregate,
  conflict,
  type Decision,
  type DomainError,
  invalid,
  notFound,
  type ProductId,
  type Sku,
  type Slug,
  type Timestamp,
} from "../kernel";
import { type Attributes, type ProductEvent, type Variant } from "./events";
import { evolveProduct, hasVariant, type Product, type ProductContent, type ProductState } from "./product-state";
import { sameJson } from "./same-json";

interface To<Type extends string> {
  readonly type: Type;
  readonly at: Timestamp;
  readonly productId: ProductId;
}

/** The slug and every SKU must have been claimed for the product before (`claim.ts`). */
export interface DraftProduct extends To<"DraftProduct">, ProductContent {
  readonly slug: Slug;
  readonly variants: readonly Variant[];
}
/** Whole new values; a field left out stays as it is. */
export interface ReviseProduct extends To<"ReviseProduct">, Optional<ProductContent> {}
export interface ChangeProductSlug extends To<"ChangeProductSlug"> {
  readonly slug: Slug;
}
export interface AddVariant extends To<"AddVariant"> {
  readonly variant: Variant;
}
/** Whole new values; a field left out stays as it is. An empty title takes it away. */
export interface ReviseVariant extends To<"ReviseVariant"> {
  readonly sku: Sku;
  readonly title?: string | undefined;
  readonly attributes?: Attributes | undefined;
}
export interface RemoveVariant extends To<"RemoveVariant"> {
  readonly sku: Sku;
}
export type PublishProduct = To<"PublishProduct">;
export type UnpublishProduct = To<"UnpublishProduct">;
export type DiscontinueProduct = To<"DiscontinueProduct">;

export type ProductCommand =
  | DraftProduct
  | ReviseProduct
  | ChangeProductSlug
  | AddVariant
  | ReviseVariant
  | RemoveVariant
  | PublishProduct
  | UnpublishProduct
  | DiscontinueProduct;

type Optional<T> = { readonly [K in keyof T]?: T[K] | undefined };

export const product: Aggregate<ProductCommand, ProductEvent, ProductState> = {
  category: "product",
  initialState: { status: "absent" },
  decide(command, state) {
    if (command.type === "DraftProduct") return draft(command, state);
    if (state.status === "absent") {
      return notFound("product-not-found", `There is no product ${command.productId}.`);
    }
    if (command.type === "DiscontinueProduct") return discontinue(state);
    if (state.status === "discontinued") {
      return conflict("product-discontinued", "The product is discontinued and can no longer be changed.");
    }
    switch (command.type) {
      case "ReviseProduct":
        return revise(command, state);
      case "ChangeProductSlug":
        return changeSlug(command, state);
      case "AddVariant":
        return addVariant(command, state);
      case "ReviseVariant":
        return reviseVariant(command, state);
      case "RemoveVariant":
        return removeVariant(command, state);
      case "PublishProduct":
        return publish(state);
      case "UnpublishProduct":
        return unpublish(state);
    }
  },
  evolve: evolveProduct,
};

function draft({ type: _, at: __, ...content }: DraftProduct, state: ProductState): Decision<ProductEvent> {
  if (state.status !== "absent") return conflict("product-exists", `Product ${content.productId} was drafted before.`);
  const skus = content.variants.map((variant) => variant.sku);
  const twice = skus.find((sku, index) => skus.indexOf(sku) !== index);
  if (twice !== undefined) return skuTwice(twice);
  const { categories, media, variants, ...rest } = content;
  const data = { ...rest, categories: [...new Set(categories)], media: [...media], variants: [...variants] };
  return [{ type: "ProductDrafted", data }];
}

function revise({ type: _, at: __, productId, ...wanted }: ReviseProduct, state: Product): Decision<ProductEvent> {
  const changed = Object.entries(wanted).filter(
    ([field, value]) => value !== undefined && !sameJson(value, state[field as keyof ProductContent]),
  );
  if (changed.length === 0) return [];
  return [{ type: "ProductRevised", data: { productId, ...Object.fromEntries(changed) } }];
}

function changeSlug({ productId, slug }: ChangeProductSlug, state: Product): Decision<ProductEvent> {
  if (slug === state.slug) return [];
  return [{ type: "ProductSlugChanged", data: { productId, slug, previousSlug: state.slug } }];
}

function addVariant({ productId, variant }: AddVariant, state: Product): Decision<ProductEvent> {
  if (hasVariant(state, variant.sku)) return skuTwice(variant.sku);
  return [{ type: "VariantAdded", data: { productId, variant } }];
}

function reviseVariant(command: ReviseVariant, state: Product): Decision<ProductEvent> {
  const known = state.variants.find((variant) => variant.sku === command.sku);
  if (known === undefined) return noVariant(command.sku);
  const title = command.title ?? known.title;
  const variant: Variant = {
    sku: known.sku,
    ...(title === undefined || title === "" ? {} : { title }),
    attributes: command.attributes ?? known.attributes,
  };
  return sameJson(variant, known) ? [] : [{ type: "VariantRevised", data: { productId: command.productId, variant } }];
}

/** A published product always has something to buy. */
function removeVariant({ productId, sku }: RemoveVariant, state: Product): Decision<ProductEvent> {
  if (!hasVariant(state, sku)) return noVariant(sku);
  if (state.status === "published" && state.variants.length === 1) {
    return conflict("last-variant", "A published product needs at least one variant; unpublish it first.", { sku });
  }
  return [{ type: "VariantRemoved", data: { productId, sku } }];
}

function publish({ status, productId, variants }: Product): Decision<ProductEvent> {
  if (status === "published") return [];
  if (variants.length === 0) {
    return conflict("product-without-variants", "A product needs at least one variant before it is published.");
  }
  return [{ type: "ProductPublished", data: { productId } }];
}

/** A draft was never published: nothing to do. */
function unpublish({ status, productId }: Product): Decision<ProductEvent> {
  return status === "published" ? [{ type: "ProductUnpublished", data: { productId } }] : [];
}

function discontinue({ status, productId }: Product): Decision<ProductEvent> {
  return status === "discontinued" ? [] : [{ type: "ProductDiscontinued", data: { productId } }];
}

const skuTwice = (sku: Sku): DomainError =>
  invalid("duplicate-sku", `The product has the SKU ${sku} already.`, { sku, field: "variants" });

const noVariant = (sku: Sku): DomainError => notFound("variant-not-found", `The product has no SKU ${sku}.`, { sku });
