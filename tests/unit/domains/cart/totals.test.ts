import fc from "fast-check";
import { cartView, lineTotal, rateOf, shippingMethods, totalsOf } from "../../../../src/domains/cart";
import { type Cart, cart, type CartEvent } from "../../../../src/domains/cart";
import { compare, fold, fractionDigits, minus, plus, roundTo, sum, timesWhole } from "../../../../src/domains/kernel";
import { added, cartId, GB, GBP, methodSet, mug, opened, owner, tin } from "./fixtures";

describe("totals", () => {
  it("prices with tax: the tax is inside", () => {
    const lines = [{ total: "120.00", taxRate: "0.20" }];
    expect(totalsOf(lines, "12", { currency: "GBP", taxIncluded: true })).toEqual({
      items: "120.00",
      shipping: "12.00",
      tax: "22.00",
      grand: "132.00",
    });
  });
  it("prices without tax: it is added", () => {
    const lines = [{ total: "100.00", taxRate: "0.05" }];
    expect(totalsOf(lines, "10", { currency: "USD", taxIncluded: false })).toEqual({
      items: "100.00",
      shipping: "10.00",
      tax: "5.50",
      grand: "115.50",
    });
  });
  it("is reckoned once per rate, and shipping bears the highest", () => {
    const lines = [
      { total: "0.12", taxRate: "0.10" },
      { total: "0.12", taxRate: "0.10" },
      { total: "1.00", taxRate: "0" },
    ];
    // 10 % of 0.24 + 5.00, not twice 10 % of 0.12 rounded
    expect(totalsOf(lines, "5.00", { currency: "USD", taxIncluded: false }).tax).toBe("0.52");
  });
  it("knows currencies without and with three digits", () => {
    expect(lineTotal("2.5", 3, "JPY")).toBe("8");
    expect(lineTotal("0.0005", 3, "KWD")).toBe("0.002");
    expect(lineTotal("0.001", 4, "GBP")).toBe("0.00");
    const yen = totalsOf([{ total: "1000", taxRate: "0.10" }], "600", { currency: "JPY", taxIncluded: false });
    expect(yen).toEqual({ items: "1000", shipping: "600", tax: "160", grand: "1760" });
  });
  it("nothing comes to nothing", () => {
    const nothing = { items: "0.00", shipping: "0.00", tax: "0.00", grand: "0.00" };
    expect(totalsOf([], "0", { currency: "EUR", taxIncluded: true })).toEqual(nothing);
  });
  it("a category without a rate of its own is taxed as standard, and zero is zero", () => {
    expect(rateOf("reduced", { standard: "0.20", reduced: "0.05" })).toBe("0.05");
    expect(rateOf("books", { standard: "0.20" })).toBe("0.20");
    expect(rateOf("zero", { standard: "0.20" })).toBe("0");
    expect(rateOf("standard", {})).toBe("0");
  });

  const currency = fc.constantFrom("GBP", "USD", "JPY", "KWD", "CLF");
  const price = fc.integer({ min: 0, max: 10_000_000 }).map((thousandths) => timesWhole("0.001", thousandths));
  const rate = fc.constantFrom("0", "0.05", "0.081", "0.20", "0.255");
  const goods = fc.array(fc.tuple(price, fc.integer({ min: 1, max: 1_000 }), rate), { maxLength: 60 });

  it("lines add up to items, and items, shipping and tax to the grand total, to the last digit", () => {
    fc.assert(
      fc.property(currency, goods, price, fc.boolean(), (code, sold, fee, taxIncluded) => {
        const lines = sold.map(([each, count, taxRate]) => ({ total: lineTotal(each, count, code), taxRate }));
        const { items, shipping, tax, grand } = totalsOf(lines, roundTo(fee, code), { currency: code, taxIncluded });
        expect(compare(items, sum(lines.map(({ total }) => total)))).toBe(0);
        expect(compare(grand, sum(taxIncluded ? [items, shipping] : [items, shipping, tax]))).toBe(0);
        for (const amount of [items, shipping, tax, grand]) expect(amount).toBe(roundTo(amount, code));
        expect((grand.split(".")[1] ?? "").length).toBe(fractionDigits(code));
        expect(compare(tax, "0")).toBeGreaterThanOrEqual(0);
      }),
    );
  });
  it("the tax inside is the tax on what is left, within a unit per rate", () => {
    fc.assert(
      fc.property(goods, (sold) => {
        const gross = sold.map(([each, count, taxRate]) => ({ total: lineTotal(each, count, "GBP"), taxRate }));
        const { tax, items } = totalsOf(gross, "0", { currency: "GBP", taxIncluded: true });
        const exact = sum(
          gross
            .map(({ total, taxRate }) => String((Number(total) * Number(taxRate)) / (1 + Number(taxRate))))
            .map((text) => Number(text).toFixed(6)),
        );
        expect(Math.abs(Number(minus(tax, exact)))).toBeLessThanOrEqual(0.005 * 5 + 0.0001);
        expect(compare(tax, items)).toBeLessThanOrEqual(0);
      }),
    );
  });
});

describe("shipping methods", () => {
  const ids = (country: string) => shippingMethods({ currency: "GBP", country, items: "0" }).map(({ id }) => id);
  it("at home and abroad", () => {
    expect(ids("GB")).toEqual(["standard", "express", "pickup"]);
    expect(ids("FR")).toEqual(["standard", "express"]);
  });
  it("standard is free at home from a threshold on", () => {
    const price = (items: string, country = "GB") => shippingMethods({ currency: "GBP", country, items })[0]?.price;
    expect(price("49.99")).toBe("3.95");
    expect(price("50")).toBe("0.00");
    expect(price("50", "FR")).toBe("9.95");
  });
  it("a currency without fees of its own has the euro's amounts, as can be paid", () => {
    expect(shippingMethods({ currency: "KRW", country: "GB", items: "0" })[0]?.price).toBe("5");
    expect(shippingMethods({ currency: "KWD", country: "GB", items: "0" })[0]?.price).toBe("4.900");
  });
});

describe("the view of a cart", () => {
  const view = (...events: CartEvent[]) => cartView(fold(cart, events) as Cart);
  it("shows lines, totals and shipping as money", () => {
    const shown = view(opened, added(mug, 4, "2.5"), added(tin, 1, "0.001", "zero"), methodSet("3.95"));
    expect(shown).toMatchObject({
      id: cartId,
      status: "open",
      currency: "GBP",
      country: "GB",
      taxIncluded: true,
      lines: [
        { id: mug, sku: mug, quantity: 4, unitPrice: { amount: "2.50", currency: GBP }, total: { amount: "10.00" } },
        { id: tin, sku: tin, quantity: 1, unitPrice: { amount: "0.001", currency: GBP }, total: { amount: "0.00" } },
      ],
      totals: {
        items: { amount: "10.00" },
        shipping: { amount: "3.95" },
        tax: { amount: "2.33" },
        grand: { amount: "13.95" },
      },
      shippingMethod: { id: "standard", price: { amount: "3.95", currency: GBP } },
      email: null,
      orderId: null,
    });
  });
  it("adds the tax where prices do not contain it", () => {
    const american: CartEvent = {
      type: "CartOpened",
      data: { cartId, currency: GBP, country: GB, owner, taxRegime: "exclusive", taxRates: { standard: "0.07" } },
    };
    const { totals, taxIncluded } = view(american, added(mug, 10, "10"));
    expect(taxIncluded).toBe(false);
    expect(totals.grand.amount).toBe(plus(totals.items.amount, totals.tax.amount) + ".00");
    expect(totals.grand.amount).toBe("107.00");
  });
});
