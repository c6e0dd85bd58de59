import { type AloneStory } from "../../support/alone";

const sku = "85123A";
const set = { type: "SetPrice", sku, priceId: "p-2", currency: "GBP", amount: "2.95", customerGroup: null, validFrom: "2026-04-01T00:00:00.000Z", validUntil: null }; // prettier-ignore

export const pricing: AloneStory = {
  given: ["reference/CurrencyDefined.v1", "catalog/Claimed.v1", "pricing/PriceSet.v1.general", "pricing/PriceSet.v1"],
  shows: [
    { model: "skus", id: sku, document: { owner: "ab5bc8bc-2518-5ec3-ae73-322e6596c696" } },
    { model: "currencies", id: "GBP", document: { withdrawn: false } },
    { model: "prices", id: sku, document: { entries: [{ currency: "JPY", amount: "390.125" }, { priceId: "trade-spring", amount: "2.55" }] } }, // prettier-ignore
  ],
  decides: [
    { stream: `price-${sku}`, command: set, outcome: ["PriceSet"] },
    { stream: `price-${sku}`, command: { ...set, amount: "3.95" }, outcome: "price-id-taken" },
    { stream: `price-${sku}`, command: { type: "WithdrawPrice", sku, priceId: "trade-spring" }, outcome: ["PriceWithdrawn"] }, // prettier-ignore
  ],
  afterwards: [
    { model: "prices", id: sku, document: { revision: 3, entries: [{}, { withdrawnAt: expect.any(String) as string }, { amount: "2.95" }] } }, // prettier-ignore
  ],
};
