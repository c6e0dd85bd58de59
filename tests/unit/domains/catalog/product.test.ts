import {
  type DraftProduct,
  product,
  type ProductCommand,
  type ProductContent,
  type ProductEvent,
  type Variant,
} from "../../../../src/domains/catalog";
import { type CategoryId, type ProductId, type Sku, type Slug, type Timestamp } from "../../../../src/domains/kernel";
import { spec } from "../../../support/spec";

const at = "2026-01-01T00:00:00.000Z" as Timestamp;
const productId = "3f0c2a52-0d6e-4c0e-9a55-0c9f4d8f1c11" as ProductId;
const gifts = "7d1a9a70-52f0-4b65-a0b5-5f5f24f1c0aa" as CategoryId;
const sku = (code: string) => code as Sku;
const variant = (code: string, rest: Partial<Variant> = {}): Variant => ({ sku: sku(code), attributes: {}, ...rest });

const content: Extract<ProductEvent, { type: "ProductDrafted" }>["data"] = {
  productId,
  title: "White hanging heart T-light holder",
  description: "",
  slug: "white-hanging-heart" as Slug,
  taxCategory: "standard",
  categories: [gifts],
  media: [],
  attributes: { colour: "white" },
  variants: [variant("85123A")],
};
const draft = (changes: Partial<DraftProduct> = {}): ProductCommand => ({
  type: "DraftProduct",
  at,
  ...content,
  ...changes,
});
const drafted: ProductEvent = { type: "ProductDrafted", data: content };
const published: ProductEvent = { type: "ProductPublished", data: { productId } };
const unpublished: ProductEvent = { type: "ProductUnpublished", data: { productId } };
const discontinued: ProductEvent = { type: "ProductDiscontinued", data: { productId } };
const publish: ProductCommand = { type: "PublishProduct", at, productId };
const unpublish: ProductCommand = { type: "UnpublishProduct", at, productId };
const discontinue: ProductCommand = { type: "DiscontinueProduct", at, productId };
const revise = (changes: Partial<ProductContent>): ProductCommand => ({
  type: "ReviseProduct",
  at,
  ...changes,
  productId,
});

describe("drafting", () => {
  it("begins a product", () => spec(product).when(draft()).then(drafted));
  it("names each category once", () => {
    spec(product)
      .when(draft({ categories: [gifts, gifts] }))
      .then(drafted);
  });
  it("is refused for a product that is there", () => {
    spec(product).given(drafted).when(draft()).thenRefused("product-exists");
  });
  it("is refused with one SKU twice", () => {
    const variants = [variant("A"), variant("B"), variant("A")];
    spec(product).when(draft({ variants })).thenRefused("duplicate-sku", { sku: "A" });
  });
  it("comes before everything else", () => {
    for (const command of [publish, unpublish, discontinue, revise({ title: "x" })]) {
      spec(product).when(command).thenRefused("product-not-found");
    }
  });
});

describe("revising", () => {
  it("records the whole new values of what changed, and nothing else", () => {
    spec(product)
      .given(drafted)
      .when(revise({ title: "Heart", description: "", attributes: { colour: "white", size: 3 } }))
      .then({ type: "ProductRevised", data: { productId, title: "Heart", attributes: { colour: "white", size: 3 } } });
  });
  it("records nothing where all is as asked", () => {
    spec(product)
      .given(drafted)
      .when(revise({ title: content.title, categories: [gifts] }))
      .then();
  });
  it("changes the slug and remembers the one before", () => {
    const slug = "heart" as Slug;
    const changed: ProductEvent = { type: "ProductSlugChanged", data: { productId, slug, previousSlug: content.slug } };
    const command: ProductCommand = { type: "ChangeProductSlug", at, productId, slug };
    spec(product).given(drafted).when(command).then(changed);
    spec(product).given(drafted, changed).when(command).then();
  });
});

describe("variants", () => {
  const blue = variant("85123B", { title: "blue" });
  const added: ProductEvent = { type: "VariantAdded", data: { productId, variant: blue } };
  const add: ProductCommand = { type: "AddVariant", at, productId, variant: blue };
  const removeBlue: ProductCommand = { type: "RemoveVariant", at, productId, sku: blue.sku };
  const reviseBlue = (changes: object): ProductCommand => ({
    type: "ReviseVariant",
    at,
    productId,
    sku: blue.sku,
    ...changes,
  });

  it("are added, once per SKU", () => {
    spec(product).given(drafted).when(add).then(added);
    spec(product).given(drafted, added).when(add).thenRefused("duplicate-sku");
  });
  it("are revised field by field", () => {
    spec(product)
      .given(drafted, added)
      .when(reviseBlue({ attributes: { size: "L" } }))
      .then({ type: "VariantRevised", data: { productId, variant: { ...blue, attributes: { size: "L" } } } });
    spec(product)
      .given(drafted, added)
      .when(reviseBlue({ title: "" }))
      .then({ type: "VariantRevised", data: { productId, variant: { sku: blue.sku, attributes: {} } } });
    spec(product)
      .given(drafted, added)
      .when(reviseBlue({ title: "blue" }))
      .then();
    spec(product)
      .given(drafted)
      .when(reviseBlue({ title: "blue" }))
      .thenRefused("variant-not-found");
  });
  it("are removed, but not the last one on sale", () => {
    const removed: ProductEvent = { type: "VariantRemoved", data: { productId, sku: blue.sku } };
    const removeFirst: ProductCommand = { type: "RemoveVariant", at, productId, sku: sku("85123A") };
    spec(product).given(drafted, added, published).when(removeBlue).then(removed);
    spec(product).given(drafted, added, removed, published).when(removeFirst).thenRefused("last-variant");
    spec(product).given(drafted, published, unpublished).when(removeFirst).thenTypes("VariantRemoved");
    spec(product).given(drafted).when(removeBlue).thenRefused("variant-not-found");
  });
});

describe("publishing", () => {
  it("needs something to buy", () => {
    spec(product)
      .given({ type: "ProductDrafted", data: { ...content, variants: [] } })
      .when(publish)
      .thenRefused("product-without-variants");
  });
  it("and unpublishing happen once each, back and forth", () => {
    spec(product).given(drafted).when(publish).then(published);
    spec(product).given(drafted, published).when(publish).then();
    spec(product).given(drafted, published).when(unpublish).then(unpublished);
    spec(product).given(drafted, published, unpublished).when(unpublish).then();
    spec(product).given(drafted, published, unpublished).when(publish).then(published);
    spec(product).given(drafted).when(unpublish).then();
  });
  it("is over once the product is discontinued", () => {
    spec(product).given(drafted, published).when(discontinue).then(discontinued);
    spec(product).given(drafted, discontinued).when(discontinue).then();
    for (const command of [publish, unpublish, revise({ title: "x" })]) {
      spec(product).given(drafted, discontinued).when(command).thenRefused("product-discontinued");
    }
  });
});
