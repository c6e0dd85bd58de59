import { decodeToken } from "../../src/api/http";
import { makeArticle } from "../support/articles";
import { after, seen } from "../support/consistency";
import { eventually } from "../support/eventually";
import { Listener } from "../support/live";
import { startTestShop, type TestShop } from "../support/shop";
import { buy, checkOut, expectStatus, fillIn, openCart, type Shopper } from "../support/shopper";

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop({ paymentTimeout: 1 });
});
afterAll(() => shop.stop());

const open: Listener[] = [];
afterEach(() => Promise.all(open.splice(0).map((listener) => listener.close())));

async function listen(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Listener> {
  const listener = await Listener.open(shop.url + path, headers);
  open.push(listener);
  return listener;
}

const bearer = ({ token }: Shopper) => ({ Authorization: `Bearer ${token}` });
const liveCart = (shopper: Shopper, headers = {}) => listen(`${shopper.cart}/live`, { ...bearer(shopper), ...headers });
/** @param after consistency token of the article */
const add = async ({ caller, cart }: Shopper, sku: string, after: string, quantity = 1) =>
  expectStatus(200, await caller.post(`${cart}/items`, { sku, quantity }, seen(after)));

/** How many follow a read model. */
const followers = (context: string, name: string): number =>
  (shop.services.models.get(context, name).changes$ as unknown as { readonly observers: unknown[] }).observers.length;

describe("a cart", () => {
  test("is told at once, and again after each change, as GET shows it", async () => {
    const { sku, token } = await makeArticle(shop.admin, { sku: "LIVE-CART", stock: 5, price: "4.00" });
    const shopper = await openCart(shop.anyone);
    const listener = await liveCart(shopper, seen(token));
    await listener.until(({ data }) => data.lines.length === 0);
    await add(shopper, sku, token, 2);
    const { data, event, id } = await listener.until(({ data: { lines } }) => lines.length === 1);
    expect(event).toBe("cart");
    const read = await shopper.caller.get(shopper.cart, after(id));
    expect(data).toEqual(read.body);
    expect(data).toMatchObject({ lines: [{ sku, quantity: 2 }], totals: { items: { amount: "8.00" } } });
  });

  test("is told when the price of what is in it changes", async () => {
    const { sku, token } = await makeArticle(shop.admin, { sku: "LIVE-PRICE", stock: 5, price: "4.00" });
    const shopper = await openCart(shop.anyone);
    await add(shopper, sku, token);
    const listener = await liveCart(shopper);
    await listener.until(({ data }) => data.pricesChanged === false);
    expectStatus(201, await shop.admin.post(`/admin/v1/prices/${sku}`, { currency: "GBP", amount: "5.00" }));
    const { data } = await listener.until(({ data: { pricesChanged } }) => pricesChanged);
    expect(data.lines).toMatchObject([{ unitPrice: { amount: "4.00" }, priceNow: { amount: "5.00" } }]);
  });

  test("is not there for others, nor for those without a token", async () => {
    const [one, other] = [await openCart(shop.anyone), await openCart(shop.anyone)];
    expect((await listen(`${one.cart}/live`, bearer(other))).status).toBe(404);
    expect((await listen(`${one.cart}/live`)).status).toBe(401);
    expect((await listen("/store/v1/carts/6f1d3c1e-52a4-4f4b-9b3a-6d8a2f0c7e11/live", bearer(one))).status).toBe(404);
  });

  test("whoever comes back with the last event's id is told only what is new", async () => {
    const { sku, token } = await makeArticle(shop.admin, { sku: "LIVE-BACK", stock: 5 });
    const shopper = await openCart(shop.anyone);
    const first = await liveCart(shopper);
    const { id } = await first.until(() => true);
    await first.close();

    const again = await liveCart(shopper, { "Last-Event-ID": id });
    expect(again.status).toBe(200);
    await add(shopper, sku, token);
    const { data } = await again.until(() => true);
    expect(data.lines).toHaveLength(1);

    // What happened meanwhile is told at once.
    const late = await liveCart(shopper, { "Last-Event-ID": id });
    expect((await late.until(() => true)).data).toEqual(data);
    // An id of somebody else's says nothing.
    const strange = await liveCart(shopper, { "Last-Event-ID": "42" });
    expect((await strange.until(() => true)).data).toEqual(data);
  });

  test("that changes all the time is told about ten times a second, and its last state always", async () => {
    const { sku, token } = await makeArticle(shop.admin, { sku: "LIVE-BUSY", stock: 5 });
    const shopper = await openCart(shop.anyone);
    const listener = await liveCart(shopper);
    await listener.until(() => true);
    const started = performance.now();
    for (let pieces = 1; pieces <= 100; pieces++) await add(shopper, sku, token);
    const seconds = (performance.now() - started) / 1_000;
    await listener.until(({ data }) => data.lines[0]?.quantity === 100);
    expect(listener.told.length).toBeLessThanOrEqual(seconds * 10 + 4);
    const quantities = listener.told.map(({ data }) => data.lines[0]?.quantity ?? 0);
    expect(quantities).toEqual(quantities.toSorted((a, b) => a - b));
    const positions = listener.told.map(({ id }) => decodeToken(id));
    expect(positions).toEqual(positions.toSorted((a, b) => Number(a - b)));
  });
});

describe("an order", () => {
  test("is followed from placed to completed", async () => {
    const { sku, token } = await makeArticle(shop.admin, { sku: "LIVE-ORDER", stock: 5 });
    const shopper = await openCart(shop.anyone);
    await add(shopper, sku, token);
    await fillIn(shopper);
    const { body: order } = await checkOut(shopper, { wait: false });
    const listener = await listen(`/store/v1/orders/${order.id}/live`, bearer(shopper));
    const confirmed = await listener.until(({ data }) => data.status === "confirmed");
    expect(confirmed.event).toBe("order");
    expectStatus(200, await shop.admin.post(`/admin/v1/orders/${order.id}/complete`));
    const completed = await listener.until(({ data }) => data.status === "completed" && data.payment.status === "captured"); // prettier-ignore
    expect(completed.data).toEqual((await shopper.caller.get(`/store/v1/orders/${order.id}`)).body);
    expect(listener.ended).toBe(false);
    const stranger = await openCart(shop.anyone);
    expect((await listen(`/store/v1/orders/${order.id}/live`, bearer(stranger))).status).toBe(404);
  });

  test("that is given up says why", async () => {
    const { sku, token } = await makeArticle(shop.admin, { sku: "LIVE-HANG", stock: 5 });
    const shopper = await openCart(shop.anyone);
    await add(shopper, sku, token);
    await fillIn(shopper);
    const { body: order } = await checkOut(shopper, { wait: false, token: "tok_hang" });
    const listener = await listen(`/store/v1/orders/${order.id}/live`, bearer(shopper));
    expect((await listener.until(({ data }) => data.status === "cancelled")).data.reason).toBe("payment-timeout");
  });
});

describe("a product", () => {
  test("is told to anyone, by its slug or id, when stock or price change", async () => {
    const { id, slug, sku, token } = await makeArticle(shop.admin, { sku: "LIVE-PRODUCT", stock: 5, price: "10.00" });
    const headers = seen(token);
    const [bySlug, byId] = await Promise.all([
      listen(`/store/v1/products/${slug}/live`, headers),
      listen(`/store/v1/products/${id}/live?currency=GBP`, headers),
    ]);
    const first = await bySlug.until(() => true);
    expect(first).toMatchObject({ event: "product", data: { available: 5, price: { amount: "10.00" } } });
    await buy(shop.anyone, [{ sku, quantity: 2 }], { after: token });
    await bySlug.until(({ data }) => data.available === 3);
    expectStatus(201, await shop.admin.post(`/admin/v1/prices/${sku}`, { currency: "GBP", amount: "8.00" }));
    const { data } = await bySlug.until(({ data: { price } }) => price.amount === "8.00");
    expect(data).toEqual((await shop.anyone.get(`/store/v1/products/${slug}`)).body);
    await eventually(() => byId.last?.data.price.amount === "8.00");
    expect(byId.last).toEqual(bySlug.last);
  });

  test("that is taken out of the shop is gone, and comes back", async () => {
    const { id, slug, token } = await makeArticle(shop.admin, { sku: "LIVE-GONE", stock: 5 });
    const listener = await listen(`/store/v1/products/${slug}/live`, seen(token));
    await listener.until(({ event }) => event === "product");
    expectStatus(200, await shop.admin.post(`/admin/v1/products/${id}/unpublish`));
    expect((await listener.until(({ event }) => event === "gone")).data).toBeNull();
    expect((await listen(`/store/v1/products/${slug}/live`)).status).toBe(404);
    expectStatus(200, await shop.admin.post(`/admin/v1/products/${id}/publish`));
    await eventually(() => listener.last?.event === "product");
  });
});

test("many who follow the same product are all told", async () => {
  const { slug, sku, token } = await makeArticle(shop.admin, { sku: "LIVE-MANY", stock: 50 });
  const listeners = await Promise.all(
    Array.from({ length: 100 }, () => listen(`/store/v1/products/${slug}/live`, seen(token))),
  );
  await Promise.all(listeners.map((listener) => listener.until(({ data }) => data.available === 50)));
  expectStatus(200, await shop.admin.post(`/admin/v1/stock/main/${sku}/receipts`, { quantity: 1 }));
  await Promise.all(listeners.map((listener) => listener.until(({ data }) => data.available === 51)));
});

test("when all have gone away, nothing is left of them", async () => {
  const [carts, orders] = [followers("cart", "carts"), followers("ordering", "orders")];
  const shopper = await openCart(shop.anyone);
  const listeners = await Promise.all([1, 2, 3].map(() => liveCart(shopper)));
  await Promise.all(listeners.map((listener) => listener.until(() => true)));
  await Promise.all(listeners.map((listener) => listener.close()));
  await eventually(() => followers("cart", "carts") <= carts && followers("ordering", "orders") <= orders);
});

test("a shop that stops ends what is live at once; whoever comes back is told nothing twice", async () => {
  const shopper = await openCart(shop.anyone);
  const listener = await liveCart(shopper);
  const { id } = await listener.until(() => true);
  const started = performance.now();
  shop = await shop.restart();
  await eventually(() => listener.ended);
  expect(performance.now() - started).toBeLessThan(20_000);
  const again = await liveCart(shopper, { "Last-Event-ID": id });
  await shopperAgain(shopper);
  await again.until(({ data }) => data.email === "ada@example.org");
  expect(again.told).toHaveLength(1);
});

const shopperAgain = async ({ token, cart }: Shopper) =>
  expectStatus(200, await shop.anyone.as(token).put(`${cart}/email`, { email: "ada@example.org" }));
