import { type AloneStory } from "../../support/alone";

const productId = "ab5bc8bc-2518-5ec3-ae73-322e6596c696";
const stream = `product-${productId}`;

export const catalog: AloneStory = {
  given: ["catalog/CategoryCreated.v1", "catalog/Claimed.v1", "catalog/ProductDrafted.v1", "catalog/VariantAdded.v1"],
  shows: [
    { model: "products", id: productId, document: { title: "White Hanging Heart T-Light Holder", revision: 1 } },
    { model: "categories", id: "758147e8-ce22-506d-a179-aadce2c37040", document: { name: "Candles & lights" } },
  ],
  decides: [
    { stream, command: { type: "PublishProduct", productId }, outcome: ["ProductPublished"] },
    { stream, command: { type: "PublishProduct", productId }, outcome: [] },
    { stream, command: { type: "ReviseProduct", productId, title: "A heart of glass" }, outcome: ["ProductRevised"] },
    { stream: "claim-sku:85123A", command: { type: "Claim", key: "sku:85123A", owner: "another" }, outcome: "already-claimed" }, // prettier-ignore
  ],
  afterwards: [
    { model: "products", id: productId, document: { title: "A heart of glass", status: "published", revision: 3 } },
  ],
};
