import fc from "fast-check";
import {
  compare,
  decimal,
  display,
  fractionDigits,
  minus,
  negate,
  plus,
  positiveDecimal,
  roundTo,
  sum,
  taxOn,
  taxWithin,
  times,
} from "../../../../src/domains/kernel";

/** Any amount in whole thousandths, as text. */
const amount = fc
  .bigInt({ min: -(10n ** 12n), max: 10n ** 12n })
  .map((thousandths) => times(thousandths.toString(), "0.001"));
const thousandths = (value: string) => BigInt(times(value, 1000));

describe("money", () => {
  it("adds exactly, as whole thousandths do", () => {
    fc.assert(
      fc.property(fc.array(amount), (amounts) => {
        expect(thousandths(sum(amounts))).toBe(amounts.reduce((total, a) => total + thousandths(a), 0n));
      }),
    );
    expect(plus("0.1", "0.2")).toBe("0.3");
  });

  it("takes away what it added", () => {
    fc.assert(
      fc.property(amount, amount, (a, b) => {
        expect(compare(minus(plus(a, b), b), a)).toBe(0);
        expect(compare(plus(a, negate(a)), "0")).toBe(0);
      }),
    );
  });

  it.each([
    ["2.005", "GBP", "2.01"],
    ["-2.005", "GBP", "-2.01"],
    ["2.5", "JPY", "3"],
    ["1.0005", "KWD", "1.001"],
    ["7", "EUR", "7.00"],
  ])("rounds %s %s to %s", (exact, currency, rounded) => expect(roundTo(exact, currency)).toBe(rounded));

  it("never rounds further than half of the smallest coin", () => {
    fc.assert(
      fc.property(amount, fc.constantFrom("GBP", "JPY", "KWD"), (exact, currency) => {
        const off = minus(roundTo(exact, currency), exact).replace("-", "");
        expect(compare(times(off, 2), times("1", 10 ** -fractionDigits(currency)))).toBeLessThanOrEqual(0);
      }),
    );
  });

  it.each([
    ["2.5", "GBP", "2.50"],
    ["0.001", "GBP", "0.001"],
    ["100", "JPY", "100"],
    ["-3", "EUR", "-3.00"],
    ["0", "EUR", "0.00"],
  ])("shows %s %s as %s", (exact, currency, shown) => expect(display(exact, currency)).toBe(shown));

  it("finds the tax inside a gross amount and adds it to a net one", () => {
    expect(taxWithin("12.00", "0.20", "GBP")).toBe("2.00");
    expect(taxWithin("1.99", "0.19", "EUR")).toBe("0.32");
    expect(taxOn("10.00", "0.0825", "USD")).toBe("0.83");
    expect(taxOn("100", "0.10", "JPY")).toBe("10");
  });

  it.each(["01", "1.", ".5", "1e3", "+1", "1,5", "", "NaN", "1.1234567", "1234567890123456"])(
    "does not take %p for a decimal",
    (text) => expect(decimal.safeParse(text).success).toBe(false),
  );

  it("takes no negative amount for a positive one", () => {
    expect(positiveDecimal.safeParse("-1").success).toBe(false);
    expect(positiveDecimal.safeParse("0.00").success).toBe(true);
  });
});
