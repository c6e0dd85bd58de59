import { runBench } from "../../../src/tools/bench/bench";
import { ADMIN_KEY, startTestShop, type TestShop } from "../../support/shop";

/** How fast it is, is not tested: that every measurement measures something, without an error, is. */

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop({ seed: true });
});
afterAll(() => shop.stop());

it("measures every goal", async () => {
  const results = await runBench({ url: shop.url, key: ADMIN_KEY, seconds: 2, warmUp: 0.5, atOnce: 2 });
  expect(results.filter(({ goal }) => goal).map(({ name }) => name)).toEqual([
    "product list",
    "product page",
    "add item",
    "whole checkout",
  ]);
  for (const { latency, errors, firstError } of results) {
    expect({ errors, firstError }).toEqual({ errors: 0, firstError: undefined });
    expect(latency.count).toBeGreaterThan(0);
  }
});

it("says that there is nothing to buy", async () => {
  const empty = await startTestShop();
  try {
    await expect(runBench({ url: empty.url, key: ADMIN_KEY, seconds: 1 })).rejects.toThrow("nothing for sale");
  } finally {
    await empty.stop();
  }
});
