import { MongoClient } from "mongodb";
import { CONTEXTS } from "../../../src/engine/contexts";
import { makeArticle } from "../../support/articles";
import { after, seen } from "../../support/consistency";
import { type Fleet, startFleet } from "../../support/fleet";
import { buy, checkOut, expectStatus, fillIn, openCart } from "../../support/shopper";
import { eventually } from "../../support/eventually";
import { testComingAndGoing } from "./coming-and-going";
import { testRollingUpgrade } from "./rolling-upgrade";
import { testWithoutEach } from "./without-each";

/*
 * The shop as a fleet: every bounded context a process of its own, logged in as its own user at a MongoDB that lets it
 * open no database but its own, and a gateway in front.
 */

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet();
}, 120_000);
afterAll(() => fleet.stop());

test("a shopper finds an article, fills a cart and buys; the back office sees the order and takes the money", async () => {
  const { anyone, admin } = fleet;
  const { sku, slug, token } = await makeArticle(admin, { sku: "ALONE-1", price: "12.50", stock: 5 });
  const page = expectStatus(200, await anyone.get(`/store/v1/products/${slug}`, after(token)));
  expect(page.body).toMatchObject({ sku, price: { amount: "12.50" }, available: 5 });
  const { shopper, answer } = await buy(anyone, [{ sku, quantity: 2 }], { after: token });
  expect(answer).toMatchObject({ status: 201, body: { status: "confirmed", lines: [{ sku, quantity: 2 }] } });
  const { id } = answer.body as { id: string };
  const order = expectStatus(200, await shopper.caller.get(`/store/v1/orders/${id}`, after(answer)));
  expect(order.body).toMatchObject({ status: "confirmed", payment: { method: "test", status: "authorised" } });

  expect((await admin.get(`/admin/v1/orders/${id}`, after(answer))).body).toMatchObject({ status: "confirmed" });
  const level = await admin.get(`/admin/v1/stock/main/${sku}`, after(answer));
  expect(level.body).toMatchObject({ available: 3 });
  const captured = await admin.post(`/admin/v1/orders/${id}/capture`);
  expect(expectStatus(200, captured).body).toMatchObject({ status: "captured" });
  expect((await admin.get(`/admin/v1/streams/cart/${shopper.cartId}`)).body).toMatchObject({ category: "cart" });
  const explained = expectStatus(200, await admin.get(`/admin/v1/explain/ordering/orders/${id}`));
  expect(explained.body).toMatchObject({ reproduced: true });
  const feed = "/analytics/v1/feeds/orders/summary";
  await eventually(async () => JSON.stringify((await admin.get(feed)).body).includes("GBP"));
}, 90_000);

test("a checkout that is sent again gets the same answer, and one that is refused the same refusal", async () => {
  const { anyone, admin } = fleet;
  const { sku, token } = await makeArticle(admin, { sku: "ALONE-2", stock: 1 });
  const shopper = await openCart(anyone);
  expectStatus(200, await shopper.caller.post(`${shopper.cart}/items`, { sku, quantity: 1 }, seen(token)));
  const refused = await checkOut(shopper, { key: "too-early" });
  await fillIn(shopper);
  const again = await checkOut(shopper, { key: "too-early" });
  expect([refused.status, again.status, again.body.code]).toEqual([409, 409, refused.body.code]);
  const [first, second] = await Promise.all([
    checkOut(shopper, { key: "now", token: "tok_decline" }),
    checkOut(shopper, { key: "now", token: "tok_decline" }),
  ]);
  expect([first.status, second.status]).toEqual([201, 201]);
  expect(first.body).toMatchObject({ status: "cancelled", reason: "payment-declined" });
  expect(second.body.id).toBe(first.body.id);
}, 60_000);

test("the state of all work is seen in one place, and each context is asked for what is its own", async () => {
  const { admin, anyone } = fleet;
  const work = "/operations/v1/projections";
  const { items, silent } = expectStatus(200, await admin.get(work)).body as { items: { context: string; name: string; state: string }[]; silent?: string[] }; // prettier-ignore
  expect(silent).toBeUndefined();
  expect(new Set(items.map(({ context }) => context))).toEqual(new Set(CONTEXTS.filter((name) => name !== "operations"))); // prettier-ignore
  expect(items.filter(({ state }) => state !== "live")).toEqual([]);
  expect((await admin.get(`${work}/checkout`)).body).toMatchObject({ context: "ordering", kind: "process" });
  expect(await admin.get(`${work}/products`)).toMatchObject({ status: 409, body: { code: "ambiguous-name" } });
  expect(await admin.get(`${work}/nothing`)).toMatchObject({ status: 404, body: { code: "projection-not-found" } });
  const rebuilt = await admin.post(`${work}/pricing.prices/rebuild`);
  expect(rebuilt).toMatchObject({ status: 202, body: { context: "pricing", name: "prices" } });
  await eventually(async () => (await admin.get(`${work}/pricing.prices`)).body.rebuild === null);
  expect(await admin.post(`${work}/cart.carts/retry`)).toMatchObject({ status: 409, body: { code: "not-failed" } });
  expect((await admin.get("/operations/v1/processes?state=running")).body).toMatchObject({ items: expect.any(Array) });
  const stranger = { headers: { "X-Forwarded-For": "203.0.113.9" } };
  expect((await anyone.get(work, stranger)).status).toBe(401);
}, 60_000);

test("no context's login opens another's database, or what is everybody's", async () => {
  const databases = [...CONTEXTS, "keys"];
  for (const context of CONTEXTS) {
    const client = await new MongoClient(fleet.mongod.login(context)).connect();
    try {
      const opened: string[] = [];
      for (const name of databases) {
        const tried = client.db(`${fleet.prefix}_${name}`).collection<{ _id: string }>("tried");
        const outcomes = await Promise.allSettled([tried.findOne({}), tried.insertOne({ _id: context })]);
        if (outcomes.some(({ status }) => status === "fulfilled")) opened.push(name);
      }
      expect(opened).toEqual([context]);
    } finally {
      await client.close();
    }
  }
});

testComingAndGoing(() => fleet);
testWithoutEach(() => fleet);
// Last, as the release that was is not run any more then.
if (process.env["MILLRACE_TEST_FLEET"]) testRollingUpgrade(() => fleet);
