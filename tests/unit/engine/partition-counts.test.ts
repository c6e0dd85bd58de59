import { contextsOf } from "../../../src/engine/contexts";
import { partitionCounts, partitionsOf } from "../../../src/engine/partition-counts";
import { settings, SettingsError } from "../../../src/infra/config";

const contexts = contextsOf({ paymentTimeout: 60 });
const orders = { name: "orders", context: "ordering", independent: true } as const;
const carts = { name: "carts", context: "cart", independent: true } as const;
const offers = { name: "offers", context: "cart" } as const;

test("the nearest name counts; what is not named has one partition", () => {
  const counts = partitionCounts("*=2, orders=4,cart.carts=8", contexts);
  expect(partitionsOf(orders, counts)).toBe(4);
  expect(partitionsOf(carts, counts)).toBe(8);
  expect(partitionsOf(offers, counts)).toBe(1);
  expect(partitionsOf(orders, partitionCounts("", contexts))).toBe(1);
});

test("feeds can be divided like projections", () => {
  const feeds = contexts.flatMap((context) => context.feeds);
  const counts = partitionCounts("*=2,order-lines=3", contexts);
  expect(feeds.map((feed) => [feed.name, partitionsOf(feed, counts)])).toEqual(
    feeds.map(({ name }) => [name, name === "order-lines" ? 3 : 2]),
  );
});

test.each([
  ["shelves=2", "PROJECTION_PARTITIONS names shelves, and there is no such projection."],
  ["offers=2", "PROJECTION_PARTITIONS cannot divide cart.offers: its documents look at one another."],
])("%s cannot be", (text, message) => {
  expect(() => partitionCounts(text, contexts)).toThrow(message);
});

test.each(["orders", "orders=0", "orders=65", "orders=2;carts=2", "=2"])("a setting %s is refused", (text) => {
  expect(() => settings({ PROJECTION_PARTITIONS: text })).toThrow(SettingsError);
});

test("every projection that says that its documents are independent tells them by the event alone", () => {
  for (const { projections } of contexts)
    for (const { independent, name, ids } of projections)
      expect([name, independent === true]).toEqual([name, ids.length < 2 && independent === true]);
});
