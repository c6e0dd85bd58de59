import { type Shop, startShop } from "../../../src/engine/shop";
import { makeArticles } from "../../support/articles";
import { type Answer, Caller } from "../../support/http";
import { startTestShop, type TestShop } from "../../support/shop";
import { expectStatus } from "../../support/shopper";

/** Two engines on the same stores: a cart may be changed at either, by turns, whatever each still has in memory of it. */

let shop: TestShop;
let other: Shop;
let there: Caller;
let token: string;

beforeAll(async () => {
  shop = await startTestShop();
  other = await startShop({ ...shop.options, beforeOpening: async () => undefined });
  there = new Caller(other.url);
  const [first, second] = await makeArticles(shop.admin, [
    { sku: "TURN-1", price: "2.55", stock: 10 },
    { sku: "TURN-2", price: "4.25", stock: 10 },
  ]);
  expect(first?.sku).toBe("TURN-1");
  token = second?.token ?? "";
  for (const [sku, amount] of [
    ["TURN-1", "2.95"],
    ["TURN-2", "4.95"],
  ]) {
    const priced = expectStatus(201, await shop.admin.post(`/admin/v1/prices/${sku}`, { currency: "EUR", amount }));
    token = priced.headers["consistency-token"] ?? token;
  }
});
afterAll(async () => {
  await there.close();
  await other.stop();
  await shop.stop();
});

/** A cart of a new shopper, as it is reached at one engine and at the other. */
async function cartAtBoth() {
  const opened = expectStatus(201, await shop.anyone.post("/store/v1/carts", { currency: "GBP", country: "GB" }));
  const path = `/store/v1/carts/${opened.body.id}`;
  const at = (caller: Caller) => caller.as(opened.body.shopperToken).with({ "Consistency-Token": token });
  return { path, here: at(shop.anyone), there: at(there) };
}

const linesOf = ({ body }: Answer): readonly (readonly [string, number, string])[] =>
  body.lines.map((line: { sku: string; quantity: number; unitPrice: { amount: string } }) => [
    line.sku,
    line.quantity,
    line.unitPrice.amount,
  ]);

test("the pieces of a line that the other engine has made are changed", async () => {
  const { path, here, there: elsewhere } = await cartAtBoth();
  // Both have the cart in memory, each as it was after its own change.
  expectStatus(200, await elsewhere.post(`${path}/items`, { sku: "TURN-1", quantity: 1 }));
  const both = expectStatus(200, await here.post(`${path}/items`, { sku: "TURN-2", quantity: 1 }));
  const lineId = both.body.lines.find(({ sku }: { sku: string }) => sku === "TURN-2").id;
  const changed = expectStatus(200, await elsewhere.patch(`${path}/items/${lineId}`, { quantity: 3 }));
  expect(linesOf(changed)).toEqual([
    ["TURN-1", 1, "2.55"],
    ["TURN-2", 3, "4.25"],
  ]);
});

test("prices are those of the currency that the other engine has set", async () => {
  const { path, here, there: elsewhere } = await cartAtBoth();
  expectStatus(200, await elsewhere.post(`${path}/items`, { sku: "TURN-1", quantity: 1 }));
  expectStatus(200, await here.put(`${path}/currency`, { currency: "EUR" }));
  const added = expectStatus(200, await elsewhere.post(`${path}/items`, { sku: "TURN-2", quantity: 2 }));
  expect(added.body.currency).toBe("EUR");
  expect(linesOf(added)).toEqual([
    ["TURN-1", 1, "2.95"],
    ["TURN-2", 2, "4.95"],
  ]);
  expectStatus(200, await here.put(`${path}/currency`, { currency: "GBP" }));
  const accepted = expectStatus(200, await elsewhere.post(`${path}/accept-prices`, {}));
  expect(linesOf(accepted).map(([, , amount]) => amount)).toEqual(["2.55", "4.25"]);
});
