import { type AloneStory } from "../../support/alone";

const cartId = "0b6d1f1e-8c1b-4c0f-9c57-0d3f8b0d2a11";
const stream = `cart-${cartId}`;
const productId = "ab5bc8bc-2518-5ec3-ae73-322e6596c696";
const owner = "20a7505e-1530-5e2d-a8c0-c46e26737f61";
const open = { type: "OpenCart", cartId, owner, currency: "GBP", country: "GB", taxRegime: "inclusive", taxRates: { standard: "0.20" } }; // prettier-ignore
const offer = { currency: "GBP", productId, name: "White Hanging Heart T-Light Holder, white, small", taxCategory: "standard", published: true, unitPrice: "2.55" }; // prettier-ignore

export const cart: AloneStory = {
  given: [
    ...["CurrencyDefined", "CountryDefined", "TaxRateSet"].map((type) => `reference/${type}.v1`),
    "catalog/ProductDrafted.v1",
    "catalog/ProductPublished.v1",
    "pricing/PriceSet.v1",
    ["pricing/PriceSet.v1.general", { data: { currency: "GBP", amount: "2.95" } }],
    ...["CartOpened", "ItemAdded", "ItemQuantityChanged", "CartEmailSet"].map((type) => `cart/${type}.v1`),
  ],
  shows: [
    { model: "offers", id: "sku:85123A", document: { productId, name: "White Hanging Heart T-Light Holder, white, small", published: true, prices: [{ amount: "2.55" }, { amount: "2.95" }] } }, // prettier-ignore
    { model: "regions", id: "country:GB", document: { name: "United Kingdom", taxRegime: "inclusive" } },
    { model: "regions", id: "currency:GBP", document: { kind: "currency" } },
    { model: "carts", id: "81ad4968-5c5f-5c15-af0e-dfaebef44359", document: { cart: { status: "open", currency: "GBP" }, revision: 3 } }, // prettier-ignore
  ],
  decides: [
    { stream, command: { ...open }, outcome: ["CartOpened"] },
    { stream, command: { type: "AddItem", cartId, lineId: "l-1", sku: "85123A", quantity: 3, offer }, outcome: ["ItemAdded"] }, // prettier-ignore
    { stream, command: { type: "AddItem", cartId, lineId: "l-2", sku: "NONE", quantity: 1, offer: null }, outcome: "unknown-sku" }, // prettier-ignore
    { stream, command: { type: "AddItem", cartId, by: "somebody-else", lineId: "l-2", sku: "85123A", quantity: 1, offer }, outcome: "cart-not-found" }, // prettier-ignore
  ],
  afterwards: [{ model: "carts", id: cartId, document: { cart: { status: "open" }, revision: 1 } }],
};
