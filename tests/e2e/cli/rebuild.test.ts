import { rebuild } from "../../../src/cli/rebuild";
import { verifyStores } from "../../../src/cli/verify";
import { atRest } from "../../support/log";
import { makeArticle } from "../../support/articles";
import { startTestShop, type TestShop } from "../../support/shop";
import { buy } from "../../support/shopper";

/** `millrace rebuild` and `millrace verify` beside a shop that is open. */

let shop: TestShop;
let sku: string;
let token: string;
let said: string;

beforeAll(async () => {
  shop = await startTestShop({ seed: true });
  ({ sku, token } = await makeArticle(shop.admin, { sku: "REBUILT", stock: 1_000 }));
  for (let n = 0; n < 5; n++) await buy(shop.anyone, [{ sku, quantity: 1 }], { after: token });
  process.env["MONGODB_PREFIX"] = shop.engine.stores.prefix;
});
afterAll(async () => {
  delete process.env["MONGODB_PREFIX"];
  await shop.stop();
});
beforeEach(() => {
  said = "";
  jest.spyOn(process.stdout, "write").mockImplementation((text) => (said += String(text)).length > 0);
});
afterEach(() => {
  jest.restoreAllMocks();
  process.exitCode = undefined;
});

/** Where the stores are, as flags. */
const stores = () => {
  const [host] = shop.engine.stores.client.options.hosts;
  return { eventstore: shop.engine.log.url, mongodb: `mongodb://${String(host)}/?directConnection=true` };
};
const flags = (more: object = {}) => ({ url: shop.url, ...stores(), ...more });

test("all read models are rebuilt and compared while shoppers buy: none differs", async () => {
  let over = false;
  const trade = (async () => {
    while (!over) await buy(shop.anyone, [{ sku, quantity: 1 }], { after: token });
  })();
  await rebuild(["all"], flags({ compare: true, json: true }));
  over = true;
  await trade;
  const { rebuilt, compared } = JSON.parse(said);
  expect(rebuilt.length).toBeGreaterThan(15);
  expect(compared.map(({ name, differing }: { name: string; differing: number }) => [name, differing])).toEqual(
    compared.map(({ name }: { name: string }) => [name, 0]),
  );
  expect(compared).toHaveLength(rebuilt.length);
  const orders = compared.find(({ name }: { name: string }) => name === "ordering.orders");
  expect(orders).toMatchObject({
    sinceCompared: true,
    before: "orders_v1",
    after: expect.stringMatching(/^orders_v1_\d+$/),
  });
  expect(orders.documents).toBeGreaterThanOrEqual(5);
  expect(process.exitCode).toBeUndefined();
}, 120_000);

test("what the rebuild has put right is told, field by field, and ends with 1", async () => {
  await atRest(shop);
  const { collection } = shop.engine.models.get<{ _id: string; onHand: number }>("inventory", "levels");
  const [first, second] = await collection.find().sort({ _id: 1 }).limit(2).toArray();
  if (!first || !second) throw new Error("no levels");
  await collection.updateOne({ _id: first._id }, { $set: { onHand: -1 } });
  await collection.deleteOne({ _id: second._id });
  await rebuild(["inventory.levels"], flags({ compare: true }));
  expect(said).toMatch(/^inventory\.levels: levels_v1_\d+ serves after [\d.]+ s; before it served levels_v1_1\n/);
  expect(said).toContain("2 differ\n  /onHand in 1\n");
  expect(said).toContain(`  ${first._id}\n    /onHand: -1 → ${first.onHand}\n  ${second._id} was added\n`);
  expect(process.exitCode).toBe(1);
  said = "";
  await rebuild(["inventory.levels"], flags({ compareOnly: true }));
  expect(said).toMatch(/^inventory\.levels: levels_v1_1 and levels_v1_\d+: \d+ compared, 2 differ\n/);
});

test("what is not there, or cannot be rebuilt, is named", async () => {
  await expect(rebuild(["nothing"], flags())).rejects.toThrow(
    /404 projection-not-found There is no projection nothing/,
  );
  await expect(rebuild(["ordering.checkout"], flags())).rejects.toThrow(/409 cannot-be-rebuilt/);
  await expect(rebuild(["ordering.orders"], { url: "http://127.0.0.1:9" })).rejects.toThrow(/^No shop answers at/);
});

test("verify says that all is well, and ends with 1 when it is not", async () => {
  await verifyStores([], stores());
  expect(said).toContain("no fault\n");
  expect(said).toMatch(/\nordering\.orders +projection +\d+ +0 +same\n/);
  expect(said).toContain("All that is stored is what the log says.\n");
  expect(process.exitCode).toBeUndefined();

  said = "";
  const { collection } = shop.engine.models.get<{ _id: string }>("cart", "carts");
  await collection.updateOne({}, { $set: { "cart.email": "eve@example.org" } });
  await verifyStores(["cart.carts", "pricing"], { ...stores(), json: true });
  const report = JSON.parse(said);
  expect(report).toMatchObject({ good: false, streams: null });
  expect(report.readModels.map(({ name, status }: { name: string; status: string }) => [name, status])).toEqual([
    ["pricing.prices", "same"],
    ["pricing.currencies", "same"],
    ["pricing.skus", "same"],
    ["cart.carts", "different"],
  ]);
  expect(report.readModels[3].first).toMatchObject({ path: "/cart/email", stored: "eve@example.org" });
  expect(process.exitCode).toBe(1);
  await expect(verifyStores(["nothing"], stores())).rejects.toThrow(/There is no read model called nothing/);
});
