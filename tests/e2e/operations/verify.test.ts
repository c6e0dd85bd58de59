import { join } from "node:path";
import { auditedOf } from "../../../src/engine/audited";
import { contextsOf } from "../../../src/engine/contexts";
import { type ModelReport, verify, type VerifyReport } from "../../../src/infra/audit";
import { replayOnlineRetail } from "../../../src/tools/online-retail/replay/replay";
import { makeArticle } from "../../support/articles";
import { atRest } from "../../support/log";
import { ADMIN_KEY, startTestShop, type TestShop } from "../../support/shop";
import { buy } from "../../support/shopper";

/** What is stored is held against the log, while the shop is open. */

const FILE = join(__dirname, "../../fixtures/online-retail/excerpt.csv");

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop({ seed: true });
});
afterAll(() => shop.stop());

const run = (): Promise<VerifyReport> =>
  verify({ ...auditedOf(contextsOf({ paymentTimeout: 60 })), log: shop.engine.log, stores: shop.engine.stores });
const bad = ({ readModels }: VerifyReport): readonly ModelReport[] =>
  readModels.filter(({ status }) => status !== "same");

test("after a day of trade nothing differs, also while trade goes on", async () => {
  const { sku, token } = await makeArticle(shop.admin, { sku: "VERIFIED", stock: 10_000 });
  await replayOnlineRetail({ url: shop.url, key: ADMIN_KEY, source: FILE, run: "day", concurrency: 4 });
  let over = false;
  const trade = (async () => {
    while (!over) await buy(shop.anyone, [{ sku, quantity: 1 }], { after: token });
  })();
  const reports: VerifyReport[] = [];
  for (let round = 0; round < 2; round++) reports.push(await run());
  over = true;
  await trade;
  await atRest(shop);
  reports.push(await run());
  for (const report of reports) {
    expect(bad(report)).toEqual([]);
    expect(report.streams).toMatchObject({ faults: 0, findings: [] });
    expect(report.good).toBe(true);
  }
  const last = reports.at(-1) as VerifyReport;
  expect(last.readModels.length).toBeGreaterThan(15);
  for (const { name, documents } of last.readModels) expect([name, documents]).not.toEqual([name, 0]);
  expect(last.streams?.events).toBeGreaterThan(1_000);
}, 120_000);

test("what was changed, removed or added by other hands is named with the event that should have made it", async () => {
  const { stores } = shop.engine;
  const target = (context: string, name: string) => shop.engine.models.get(context, name).collection.collectionName;
  const orders = stores.collection<{ _id: string }>("ordering", target("ordering", "orders"));
  const [first, second] = await orders.find().sort({ _id: 1 }).limit(2).toArray();
  if (!first || !second) throw new Error("no orders");
  await orders.updateOne({ _id: first._id }, { $set: { "totals.grand": "0.01" } });
  await orders.deleteOne({ _id: second._id });
  await stores
    .collection<{ _id: string; onHand: number }>("inventory", target("inventory", "levels"))
    .insertOne({ _id: "main-NOWHERE", onHand: 5 });
  const rows = stores.collection<{ _id: string; quantity: number }>("analytics", target("analytics", "order-lines"));
  const row = await rows.findOne({}, { sort: { _id: 1 } });
  await rows.updateOne({ _id: row?._id ?? "" }, { $inc: { quantity: 1 } });

  const report = await run();
  expect(report.good).toBe(false);
  const found = new Map(bad(report).map((model) => [model.name, model]));
  expect([...found.keys()].sort()).toEqual(["analytics.order-lines", "inventory.levels", "ordering.orders"]);
  expect(found.get("ordering.orders")).toMatchObject({
    differing: 2,
    first: { id: first._id, kind: "different", path: "/totals/grand", stored: "0.01", lastEvent: { stream: expect.stringMatching(/^(order|payment)-/) } }, // prettier-ignore
  });
  expect(found.get("inventory.levels")).toMatchObject({
    differing: 1,
    first: { id: "main-NOWHERE", kind: "surplus", lastEvent: null },
  });
  expect(found.get("analytics.order-lines")).toMatchObject({
    differing: 1,
    first: { id: row?._id, path: "/quantity", stored: (row?.quantity ?? 0) + 1, expected: row?.quantity },
  });
});
