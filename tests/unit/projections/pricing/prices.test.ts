import { type CurrencyCode, type Sku, type Timestamp } from "../../../../src/domains/kernel";
import { type PricingEvent } from "../../../../src/domains/pricing";
import { prices, standing } from "../../../../src/projections/pricing";
import { log, project } from "../../../support/fold";

const sku = "85123A" as Sku;
const entry = (priceId: string, amount: string) => ({
  priceId,
  currency: "GBP" as CurrencyCode,
  amount,
  customerGroup: null,
  validFrom: "2026-01-01T00:00:00Z" as Timestamp,
  validUntil: null,
});
const set = (priceId: string, amount: string): PricingEvent => ({
  type: "PriceSet",
  data: { sku, ...entry(priceId, amount) },
});
const withdrawn: PricingEvent = { type: "PriceWithdrawn", data: { sku, priceId: "p2" } };
const stream = `price-${sku}`;

describe("prices of a SKU", () => {
  it("are kept all, with when they were set and withdrawn", () => {
    const history = log([stream, set("p1", "2.55")], [stream, set("p2", "25.5")], [stream, withdrawn]);
    const document = project(prices, history).get(sku);
    expect(document).toEqual({
      _id: sku,
      revision: 2,
      entries: [
        { ...entry("p1", "2.55"), setAt: "2026-01-01T00:00:00.000Z", withdrawnAt: null },
        { ...entry("p2", "25.5"), setAt: "2026-01-01T00:00:01.000Z", withdrawnAt: "2026-01-01T00:00:02.000Z" },
      ],
    });
    expect(document && standing(document).map(({ priceId }) => priceId)).toEqual(["p1"]);
  });
});
