import { type ProductEvent } from "../../../../src/domains/catalog";
import { type CategoryId, type ProductId, type Sku, type Slug } from "../../../../src/domains/kernel";
import { products } from "../../../../src/projections/catalog";
import { log, project } from "../../../support/fold";

const productId = "3f0c2a52-0d6e-4c0e-9a55-0c9f4d8f1c11" as ProductId;
const stream = `product-${productId}`;
const drafted: ProductEvent = {
  type: "ProductDrafted",
  data: {
    productId,
    title: "Émile’s lamp",
    description: "",
    slug: "lamp" as Slug,
    taxCategory: "standard",
    categories: ["lights" as CategoryId],
    media: [],
    attributes: {},
    variants: [{ sku: "L-1" as Sku, attributes: {} }],
  },
};
const after = (...events: ProductEvent[]) =>
  project(products, log(...events.map((event): [string, ProductEvent] => [stream, event]))).get(productId);

describe("products of the back office", () => {
  it("show a draft whole", () => {
    expect(after(drafted)).toEqual({
      ...drafted.data,
      _id: productId,
      status: "draft",
      revision: 0,
      createdAt: "2026-01-01T00:00:00.000Z",
      updatedAt: "2026-01-01T00:00:00.000Z",
      sortTitle: "emile s lamp",
      words: ["emile", "s", "lamp", "l", "1"],
    });
  });

  it("follow what becomes of it", () => {
    const history: ProductEvent[] = [
      drafted,
      { type: "ProductRevised", data: { productId, title: "Lamp", categories: [] } },
      { type: "VariantAdded", data: { productId, variant: { sku: "L-2" as Sku, title: "blue", attributes: {} } } },
      { type: "ProductPublished", data: { productId } },
    ];
    expect(after(...history)).toMatchObject({
      title: "Lamp",
      categories: [],
      status: "published",
      variants: [{ sku: "L-1" }, { sku: "L-2", title: "blue" }],
      revision: 3,
      createdAt: "2026-01-01T00:00:00.000Z",
      updatedAt: "2026-01-01T00:00:03.000Z",
      words: ["lamp", "l", "1", "2"],
    });
  });
});
