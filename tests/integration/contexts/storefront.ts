import { type AloneStory } from "../../support/alone";

export const storefront: AloneStory = {
  given: [
    "catalog/CategoryCreated.v1",
    "catalog/ProductDrafted.v1",
    ["pricing/PriceSet.v1.general", { data: { currency: "GBP", amount: "2.95" } }],
    "inventory/StockReceived.v1",
    "catalog/ProductPublished.v1",
    "inventory/StockReserved.v1",
  ],
  shows: [
    { model: "products", id: "product:ab5bc8bc-2518-5ec3-ae73-322e6596c696", document: { visible: true, slug: "white-hanging-heart-t-light-holder", variants: [{ sku: "85123A" }] } }, // prettier-ignore
  ],
};
