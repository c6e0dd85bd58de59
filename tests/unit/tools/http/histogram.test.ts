import fc from "fast-check";
import { Histogram, latencyOf } from "../../../../src/tools/http";

describe("histogram", () => {
  it("has nothing to say before anything was recorded", () => {
    expect(latencyOf(new Histogram())).toEqual({ count: 0, mean: 0, p50: 0, p90: 0, p99: 0, max: 0 });
  });

  it("gives percentiles of known values", () => {
    const histogram = new Histogram();
    for (let value = 1; value <= 1000; value++) histogram.record(value);
    const { count, mean, p50, p90, p99, max } = latencyOf(histogram);
    expect(count).toBe(1000);
    expect(mean).toBeCloseTo(500.5);
    expect(Math.abs(p50 - 500)).toBeLessThan(4);
    expect(Math.abs(p90 - 900)).toBeLessThan(7.2);
    expect(Math.abs(p99 - 990)).toBeLessThan(8);
    expect(max).toBe(1000);
  });

  it("is never off by more than 1 %, whatever the values", () => {
    const values = fc.array(fc.double({ min: 0, max: 1e7, noNaN: true }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(values, fc.double({ min: 0.01, max: 1, noNaN: true }), (recorded, p) => {
        const histogram = new Histogram();
        for (const value of recorded) histogram.record(value);
        const sorted = [...recorded].sort((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(p * sorted.length)) - 1] as number;
        expect(Math.abs(histogram.percentile(p) - exact)).toBeLessThanOrEqual(exact * 0.01 + 0.001);
      }),
    );
  });

  it("adds up with another as if all had been recorded in one", () => {
    const [one, two, both] = [new Histogram(), new Histogram(), new Histogram()];
    for (let value = 1; value <= 500; value++) {
      one.record(value / 7);
      two.record(value * 3);
      both.record(value / 7);
      both.record(value * 3);
    }
    one.add(two);
    expect({ ...latencyOf(one), mean: 0 }).toEqual({ ...latencyOf(both), mean: 0 });
  });
});
