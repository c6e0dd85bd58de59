import fc from "fast-check";
import { type CurrencyCode, millis, type Timestamp } from "../../../../src/domains/kernel";
import { priceAt, type PriceEntry, pricesFrom } from "../../../../src/domains/pricing";

const GBP = "GBP" as CurrencyCode;
const EUR = "EUR" as CurrencyCode;
const day = (n: number) => new Date(Date.UTC(2026, 0, n)).toISOString() as Timestamp;
const entry = (priceId: string, changes: Partial<PriceEntry> = {}): PriceEntry => ({
  priceId,
  currency: GBP,
  amount: "1",
  customerGroup: null,
  validFrom: day(1),
  validUntil: null,
  ...changes,
});

const anyEntry = fc
  .record({
    amount: fc.constantFrom("1", "2", "3"),
    currency: fc.constantFrom(GBP, EUR),
    customerGroup: fc.constantFrom(null, "trade", "staff"),
    from: fc.integer({ min: 1, max: 9 }),
    lasts: fc.option(fc.integer({ min: 1, max: 9 })),
  })
  .map(({ from, lasts, ...rest }) => ({
    ...rest,
    validFrom: day(from),
    validUntil: lasts === null ? null : day(from + lasts),
  }));
const anyGroup = fc.constantFrom(null, "trade", "none");

describe("the price in force", () => {
  const general = entry("general");
  const trade = entry("trade", { customerGroup: "trade" });
  const sale = entry("sale", { validFrom: day(10), validUntil: day(20) });
  const ask = (prices: PriceEntry[], at: number, customerGroup: string | null = null) =>
    priceAt(prices, { currency: GBP, customerGroup, at: day(at) })?.priceId;

  it("is none before the first one begins, or in another currency", () => {
    expect(ask([general], 0)).toBeUndefined();
    expect(priceAt([general], { currency: EUR, customerGroup: null, at: day(5) })).toBeUndefined();
  });
  it("is the later one while it lasts, then the earlier one again", () => {
    expect([5, 10, 19, 20].map((at) => ask([sale, general], at))).toEqual(["general", "sale", "sale", "general"]);
  });
  it("is a group's own for its members only, even during a sale for everybody", () => {
    expect(ask([general, trade, sale], 15, "trade")).toBe("trade");
    expect(ask([general, trade, sale], 15, "staff")).toBe("sale");
    expect(ask([trade], 15)).toBeUndefined();
  });
  it("is the one set last of those that begin together", () => {
    expect(ask([general, entry("corrected")], 5)).toBe("corrected");
  });

  it("is the first in the order of the rule, for any prices", () => {
    fc.assert(
      fc.property(fc.array(anyEntry), anyGroup, fc.integer({ min: 0, max: 20 }), (terms, customerGroup, today) => {
        const prices = terms.map((term, order) => entry(`p${order}`, term));
        const holding = prices
          .map((price, order) => ({ price, order }))
          .filter(
            ({ price }) =>
              price.currency === GBP &&
              (price.customerGroup === null || price.customerGroup === customerGroup) &&
              millis(price.validFrom) <= millis(day(today)) &&
              (price.validUntil === null || millis(day(today)) < millis(price.validUntil)),
          )
          .sort(
            (a, b) =>
              Number(b.price.customerGroup !== null) - Number(a.price.customerGroup !== null) ||
              millis(b.price.validFrom) - millis(a.price.validFrom) ||
              b.order - a.order,
          );
        expect(priceAt(prices, { currency: GBP, customerGroup, at: day(today) })).toBe(holding[0]?.price);
      }),
    );
  });
});

describe("the prices from a moment on", () => {
  const ids = (prices: PriceEntry[], at: number) => pricesFrom(prices, day(at)).map(({ priceId }) => priceId);

  it("leave out what has ended or gave way for good, and keep what is to come", () => {
    const prices = [
      entry("old"),
      entry("present", { validFrom: day(3) }),
      entry("sale", { validFrom: day(4), validUntil: day(6) }),
      entry("next", { validFrom: day(9) }),
    ];
    expect(ids(prices, 5)).toEqual(["present", "sale", "next"]);
    expect(ids(prices, 7)).toEqual(["present", "next"]);
    expect(ids(prices, 1)).toEqual(["old", "present", "sale", "next"]);
  });

  it("answer every later question as all prices do", () => {
    const day20 = fc.integer({ min: 0, max: 20 });
    fc.assert(
      fc.property(fc.array(anyEntry), anyGroup, day20, day20, (terms, customerGroup, from, wait) => {
        const prices = terms.map((term, order) => entry(`p${order}`, term));
        const question = { currency: GBP, customerGroup, at: day(from + wait) };
        expect(priceAt(pricesFrom(prices, day(from)), question)).toBe(priceAt(prices, question));
      }),
    );
  });
});
