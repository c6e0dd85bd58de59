import { goalText, judged } from "../../../../src/tools/bench/goals";
import { measure, type Measured } from "../../../../src/tools/bench/measure";
import { benchTable } from "../../../../src/tools/bench/report";

const latency = { count: 10, mean: 5, p50: 5, p90: 6, p99: 7, max: 8 };
const measured: Measured = {
  concurrency: 16,
  seconds: 10,
  rate: 1234.5,
  latency,
  errors: 0,
  firstError: undefined,
  generator: 0.25,
};

describe("bench report", () => {
  it("holds a measurement against its goal", () => {
    expect(judged("a", measured).met).toBeUndefined();
    expect(judged("a", measured, { rate: 1234, median: 6 }).met).toBe(true);
    expect(judged("a", measured, { rate: 1235 }).met).toBe(false);
    expect(judged("a", measured, { median: 5 }).met).toBe(false);
    expect(judged("a", { ...measured, errors: 1 }, { rate: 1 }).met).toBe(false);
    expect(judged("a", { ...measured, latency: { ...latency, count: 0 } }, { median: 6 }).met).toBe(false);
  });

  it("says the goal in words", () => {
    expect(goalText({ rate: 1000, median: 8 })).toBe("≥ 1,000/s, p50 < 8 ms");
  });

  it("says what one thing costs, beside a measurement without it", () => {
    const keyless = judged("add item", measured);
    const keyed = judged("add item, with Idempotency-Key", { ...measured, rate: 1111 }, undefined, keyless);
    expect(benchTable([keyless, keyed])).toContain("add item, with Idempotency-Key: 90 % of the rate of add item.\n");
    expect(keyed.comparedWith).toEqual({ name: "add item", share: 1111 / 1234.5 });
    expect(judged("nothing to compare with", measured, undefined, { ...keyless, rate: 0 })).not.toHaveProperty(
      "comparedWith",
    );
  });

  it("sets the results in a table, with what went wrong below", () => {
    const failed = { ...measured, errors: 2, firstError: "POST /x was answered 500", generator: 0.9 };
    expect(benchTable([judged("add item", measured, { rate: 1000 }), judged("checkout", failed)]).split("\n")).toEqual([
      "measurement  at once  per second  p50 ms  p90 ms  p99 ms  max ms  errors  goal",
      "add item          16       1,235    5.00    6.00    7.00    8.00       0  ≥ 1,000/s  met",
      "checkout          16       1,235    5.00    6.00    7.00    8.00       2",
      "",
      "checkout: the first error was: POST /x was answered 500",
      "The load generator used at most 90 % of one core.",
      "That is much: rates may be what it could ask for, not what the shop could answer.",
      "",
    ]);
  });
});

describe("measuring", () => {
  it("counts what counts, and errors apart", async () => {
    let steps = 0;
    const { rate, latency, errors, firstError, seconds } = await measure({
      concurrency: 2,
      warmUp: 0,
      seconds: 0.2,
      async step() {
        await new Promise((resolve) => setTimeout(resolve, 2));
        steps++;
        if (steps % 10 === 2) throw new Error("now and then");
        return steps % 3 === 0 ? undefined : 7;
      },
    });
    expect(latency.count).toBeGreaterThan(0);
    expect(latency.p50).toBeCloseTo(7, 0);
    expect(errors).toBeGreaterThan(0);
    expect(latency.count + errors).toBeLessThan(steps);
    expect(firstError).toBe("now and then");
    expect(rate).toBeCloseTo(latency.count / seconds);
  });
});
