import { type ProductEvent, type Variant } from "../../domains/catalog/events";
import { type Lookup, type Projection, type Recorded } from "../../domains/kernel";
import { type PriceEntry, type PricingEvent } from "../../domains/pricing/events";

/** What the cart knows of the catalog and of prices: enough to sell without asking either. */
export type OfferDocument = OfferedProduct | OfferedSku;

/** A product, kept so that a change of it reaches its SKUs. */
export interface OfferedProduct {
  /** `product:<id>` */
  readonly _id: string;
  readonly kind: "product";
  readonly title: string;
  readonly taxCategory: string;
  readonly published: boolean;
  readonly variants: readonly Pick<Variant, "sku" | "title">[];
}

/** What can be put into a cart. */
export interface OfferedSku {
  /** `sku:<SKU>` */
  readonly _id: string;
  readonly kind: "sku";
  /** `null`: prices are known, a product is not. */
  readonly productId: string | null;
  readonly name: string;
  readonly taxCategory: string;
  readonly published: boolean;
  /** Every price that is not withdrawn, in the order in which they were set. */
  readonly prices: readonly PriceEntry[];
}

export const offerKey = (sku: string): string => `sku:${sku}`;
const productKey = (id: string): string => `product:${id}`;

type OfferEvent = ProductEvent | PricingEvent;

export const offers: Projection<OfferDocument, OfferEvent> = {
  name: "offers",
  context: "cart",
  version: 1,
  events: [
    "ProductDrafted",
    "ProductRevised",
    "VariantAdded",
    "VariantRevised",
    "VariantRemoved",
    "ProductPublished",
    "ProductUnpublished",
    "ProductDiscontinued",
    "PriceSet",
    "PriceWithdrawn",
  ],
  /** The product before its SKUs: they take from it. */
  ids(event, lookup) {
    switch (event.type) {
      case "PriceSet":
      case "PriceWithdrawn":
        return [offerKey(event.data.sku)];
      case "VariantRemoved":
        return [productKey(event.data.productId), offerKey(event.data.sku)];
      case "ProductDrafted":
        return [productKey(event.data.productId), ...event.data.variants.map(({ sku }) => offerKey(sku))];
      case "VariantAdded":
        return [productKey(event.data.productId), offerKey(event.data.variant.sku)];
      default: {
        const key = productKey(event.data.productId);
        return [key, ...(product(key, lookup)?.variants ?? []).map(({ sku }) => offerKey(sku))];
      }
    }
  },
  sources(document) {
    if (document.kind === "product") return [`product-${document._id.slice(productKey("").length)}`];
    const { _id, productId } = document;
    return [`price-${_id.slice(offerKey("").length)}`, ...(productId === null ? [] : [`product-${productId}`])];
  },
  apply(document, event, id, lookup) {
    switch (event.type) {
      case "PriceSet":
      case "PriceWithdrawn":
        return withPrices(skuOf(document, id), event);
      default: {
        const { productId } = event.data;
        if (id === productKey(productId)) return productAfter(document, event);
        return skuAfterProduct(skuOf(document, id), productId, product(productKey(productId), lookup));
      }
    }
  },
};

function productAfter(document: OfferDocument | undefined, event: Recorded<ProductEvent>): OfferDocument | undefined {
  if (event.type === "ProductDrafted") {
    const { productId, title, taxCategory, variants } = event.data;
    return { _id: productKey(productId), kind: "product", title, taxCategory, published: false, variants };
  }
  if (document?.kind !== "product") return document;
  switch (event.type) {
    case "ProductRevised": {
      const { title = document.title, taxCategory = document.taxCategory } = event.data;
      return { ...document, title, taxCategory };
    }
    case "VariantAdded":
      return { ...document, variants: [...document.variants, event.data.variant] };
    case "VariantRevised": {
      const { variant } = event.data;
      return { ...document, variants: document.variants.map((known) => (known.sku === variant.sku ? variant : known)) };
    }
    case "VariantRemoved":
      return { ...document, variants: document.variants.filter(({ sku }) => sku !== event.data.sku) };
    case "ProductPublished":
      return { ...document, published: true };
    case "ProductUnpublished":
    case "ProductDiscontinued":
      return { ...document, published: false };
    case "ProductSlugChanged":
      return document;
  }
}

function skuAfterProduct(known: OfferedSku, productId: string, of: OfferedProduct | undefined): OfferedSku | undefined {
  const variant = of?.variants.find(({ sku }) => offerKey(sku) === known._id);
  if (of === undefined || variant === undefined) {
    // Another product may have taken the SKU over; what it says stands.
    return known.productId === productId ? { ...known, productId: null, published: false } : known;
  }
  const name = variant.title === undefined ? of.title : `${of.title}, ${variant.title}`;
  return { ...known, productId, name: name.slice(0, 500), taxCategory: of.taxCategory, published: of.published };
}

function withPrices(known: OfferedSku, { type, data }: PricingEvent): OfferedSku {
  if (type === "PriceWithdrawn") {
    return { ...known, prices: known.prices.filter(({ priceId }) => priceId !== data.priceId) };
  }
  const { sku: _, ...entry } = data;
  return { ...known, prices: [...known.prices, entry] };
}

const skuOf = (document: OfferDocument | undefined, id: string): OfferedSku =>
  document?.kind === "sku"
    ? document
    : { _id: id, kind: "sku", productId: null, name: "", taxCategory: "standard", published: false, prices: [] };

function product(key: string, lookup: Lookup<OfferDocument>): OfferedProduct | undefined {
  const found = lookup(key);
  return found?.kind === "product" ? found : undefined;
}
