import fc from "fast-check";
import { compare, times, timesWhole } from "../../../../src/domains/kernel";

describe("amount × whole number", () => {
  it.each([
    ["2.55", 6, "15.30"],
    ["0.001", -80995, "-80.995"],
    ["-11062.06", 1, "-11062.06"],
    ["-0.05", 3, "-0.15"],
    ["0.00", -4, "0.00"],
    ["7", 3, "21"],
    ["999999999999999.999999", 1_000_000, "999999999999999999999.000000"],
  ])("%s × %d", (amount, count, product) => {
    expect(timesWhole(amount, count)).toBe(product);
  });
  it("is what the slow way gives", () => {
    const amount = fc
      .tuple(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), fc.integer({ min: 0, max: 6 }))
      .map(([digits, places]) => {
        const text = (digits < 0n ? -digits : digits).toString().padStart(places + 1, "0");
        const whole = text.slice(0, text.length - places);
        return `${digits < 0n ? "-" : ""}${whole}${places > 0 ? `.${text.slice(-places)}` : ""}`;
      });
    fc.assert(
      fc.property(amount, fc.integer({ min: -1_000_000, max: 1_000_000 }), (each, count) => {
        expect(compare(timesWhole(each, count), times(each, count))).toBe(0);
      }),
    );
  });
});
