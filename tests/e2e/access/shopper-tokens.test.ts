import { SHOPPER_TOKEN_LIFETIME } from "../../../src/infra/security";
import { makeArticle } from "../../support/articles";
import { eventually } from "../../support/eventually";
import { type Caller } from "../../support/http";
import { Listener } from "../../support/live";
import { startTestShop, type TestShop } from "../../support/shop";
import { buy, expectStatus, fillIn, openCart, type Shopper } from "../../support/shopper";

/* What a shopper keeps who comes back: soon, after a while, and after too long. */

const DAY = 86_400_000;
const CARTS = "/store/v1/carts";

let shop: TestShop;
let mug: { readonly sku: string; readonly token: string };
beforeAll(async () => {
  shop = await startTestShop();
  mug = await makeArticle(shop.admin, { sku: "OLD-MUG", stock: 10 });
});
afterAll(() => shop.stop());

/** The shopper's token as if it had been given so many days ago. */
function givenAgo({ token }: Pick<Shopper, "token">, days: number): string {
  const { tokens } = shop.services;
  return tokens.issue(tokens.verify(token)?.id ?? "", Date.now() - days * DAY);
}

async function filled(): Promise<Shopper> {
  const shopper = await openCart(shop.anyone);
  const item = { sku: mug.sku, quantity: 2 };
  expectStatus(200, await shopper.caller.post(`${shopper.cart}/items`, item, { "Consistency-Token": mug.token }));
  await fillIn(shopper);
  return shopper;
}

const as = (token: string): Caller => shop.anyone.as(token);

test("opening a cart says until when its token works", async () => {
  const before = Date.now();
  const { body } = expectStatus(201, await shop.anyone.post(CARTS, { currency: "GBP" }));
  const until = Date.parse(body.shopperTokenExpiresAt) - SHOPPER_TOKEN_LIFETIME * 1_000;
  expect(until).toBeGreaterThan(before - 1_001);
  expect(until).toBeLessThanOrEqual(Date.now());
});

test("a shopper who comes again in time is given another token, and finds everything", async () => {
  const shopper = await filled();
  const { headers, body } = expectStatus(200, await as(givenAgo(shopper, 80)).get(shopper.cart));
  expect(body).toMatchObject({ email: "ada@example.org", lines: [{ sku: mug.sku, quantity: 2 }] });
  const renewed = headers["shopper-token"] ?? "";
  const again = expectStatus(200, await as(renewed).put(`${shopper.cart}/shipping-method`, { id: "express" }));
  expect(again.headers["shopper-token"]).toBeUndefined();
});

test("a token that has expired shows nothing, and says why", async () => {
  const { shopper, answer } = await buy(shop.anyone, [{ sku: mug.sku, quantity: 1 }], { after: mug.token });
  const old = as(givenAgo(shopper, 91));
  const order = `/store/v1/orders/${answer.body.id}`;
  const refused = await Promise.all(
    [shopper.cart, `${shopper.cart}/live`, order, `${order}/live`, "/store/v1/orders"].map((path) => old.get(path)),
  );
  for (const { status, body, headers } of refused) {
    expect([status, body.code]).toEqual([401, "shopper-token-expired"]);
    expect(body.detail).toMatch(/^The shopper token expired at \d{4}-\d\d-\d\dT/);
    expect(headers["shopper-token"]).toBeUndefined();
  }
});

test("after too long a new cart begins with the articles of the old one, at the prices of now, and nothing else", async () => {
  const gone = await makeArticle(shop.admin, { sku: "OLD-TIN", stock: 10 });
  const shopper = await filled();
  const item = { sku: gone.sku, quantity: 1 };
  expectStatus(200, await shopper.caller.post(`${shopper.cart}/items`, item, { "Consistency-Token": gone.token }));
  expectStatus(201, await shop.admin.post(`/admin/v1/prices/${mug.sku}`, { currency: "GBP", amount: "9.99" }));
  const unpublished = expectStatus(200, await shop.admin.post(`/admin/v1/products/${gone.id}/unpublish`));

  const old = as(givenAgo(shopper, 200));
  const wanted = { currency: "GBP", country: "GB", itemsOf: shopper.cartId };
  const headers = { "Idempotency-Key": "0b3f7c1e-52a4-4f4b-9b3a-6d8a2f0c7e11", "Consistency-Token": unpublished.headers["consistency-token"] ?? "" }; // prettier-ignore
  const opened = expectStatus(201, await old.post(CARTS, wanted, headers));
  const { id, shopperToken, lines, email, shippingAddress } = opened.body;
  expect(lines).toMatchObject([{ sku: mug.sku, quantity: 2, unitPrice: { amount: "9.99" } }]);
  expect([lines.length, email, shippingAddress]).toEqual([1, null, null]);
  expect(opened.body.pricesChanged).toBe(false);
  expect(await old.post(CARTS, wanted, headers)).toMatchObject({ status: 201, body: opened.body });

  const { tokens } = shop.services;
  expect(tokens.verify(shopperToken)?.id).not.toBe(tokens.verify(shopper.token)?.id);
  expect(expectStatus(200, await as(shopperToken).get(`${CARTS}/${id}`)).body).toMatchObject({ lines });
  expect((await as(shopperToken).get(shopper.cart)).status).toBe(404);
});

test("nobody takes over the articles of a cart that was not theirs", async () => {
  const [shopper, other] = [await filled(), await openCart(shop.anyone)];
  const wanted = { currency: "GBP", itemsOf: shopper.cartId };
  for (const caller of [other.caller, as(givenAgo(other, 91)), shop.anyone, shop.admin]) {
    const { status, body } = await caller.post(CARTS, wanted);
    expect([status, body.code]).toEqual([404, "cart-not-found"]);
  }
  const again = expectStatus(201, await shopper.caller.post(CARTS, { ...wanted, country: "GB" }));
  expect(again.body.lines).toMatchObject([{ sku: mug.sku, quantity: 2 }]);
});

test("a cart that is followed is told of no longer than its token works", async () => {
  const shopper = await filled();
  const { tokens } = shop.services;
  const id = tokens.verify(shopper.token)?.id ?? "";
  const soon = tokens.issue(id, Date.now() - (SHOPPER_TOKEN_LIFETIME - 5) * 1_000);
  const headers = { Authorization: `Bearer ${soon}` };
  const listener = await Listener.open(`${shop.url}${shopper.cart}/live`, headers);
  expect(listener.status).toBe(200);
  await eventually(() => listener.ended, 30_000);
  expect(listener.told[0]).toMatchObject({ event: "cart", data: { id: shopper.cartId } });
  expect(() => tokens.verify(soon)).toThrow("The shopper token expired");
  await listener.close();
});
