import { type AloneStory } from "../../support/alone";

export const analytics: AloneStory = {
  given: [
    "catalog/ProductDrafted.v1",
    "inventory/StockReceived.v1",
    "cart/CartOpened.v1",
    "cart/ItemAdded.v1",
    "ordering/OrderPlaced.v1",
    "ordering/OrderConfirmed.v1",
  ],
  shows: [
    { feed: "order-lines", rows: [{ sku: "85123A", quantity: 2, unitPrice: "2.55" }, { sku: "21731" }, { sku: "SHIPPING" }] }, // prettier-ignore
    { feed: "stock-movements", rows: [{ sku: "85123A", quantity: 480 }] },
    { feed: "cart-events", rows: [{}, { sku: "85123A", pieces: 2 }] },
  ],
};
