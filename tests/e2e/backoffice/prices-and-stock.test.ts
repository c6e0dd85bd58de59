import { newId } from "../../../src/infra/runtime";
import { after } from "../../support/consistency";
import { eventually } from "../../support/eventually";
import { startTestShop, type TestShop } from "../../support/shop";
import { expectStatus } from "../../support/shopper";

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop();
  for (const sku of ["A-1", "B 2", "C3"]) {
    expectStatus(201, await shop.admin.post("/admin/v1/products", { title: `Article ${sku}`, variants: [{ sku }] }));
  }
});
afterAll(() => shop.stop());

const PRICES = "/admin/v1/prices";
const STOCK = "/admin/v1/stock";
const hence = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();

describe("prices", () => {
  test("follow one another, and the history keeps them all", async () => {
    const set = (body: object) => shop.admin.post(`${PRICES}/A-1`, { currency: "GBP", ...body });
    const first = expectStatus(201, await set({ amount: "2.55" }));
    expect(first.body).toMatchObject({ sku: "A-1", revision: 0, price: { amount: "2.55", customerGroup: null } });
    expectStatus(200, await set({ amount: "2.550" }));
    expectStatus(201, await set({ amount: "1.95", validFrom: hence(-0.1), validUntil: hence(24) }));
    expectStatus(201, await set({ amount: "3.10", validFrom: hence(48) }));
    expectStatus(201, await set({ amount: "2.25", customerGroup: "trade" }));
    const wrong = expectStatus(201, await set({ amount: "0.01", priceId: "typo" }));
    expectStatus(204, await shop.admin.delete(`${PRICES}/A-1/${wrong.body.price.priceId}`));

    const { body, headers } = expectStatus(200, await shop.admin.get(`${PRICES}/A-1`));
    expect(body.prices.map(({ amount, status }: Record<string, string>) => `${amount} ${status}`)).toEqual([
      "2.55 in-force",
      "1.95 superseded",
      "3.10 scheduled",
      "2.25 in-force",
      "0.01 withdrawn",
    ]);
    expect(body.prices[4].withdrawnAt).not.toBeNull();
    expect(headers["etag"]).toBe(`"${body.revision}"`);
    const stale = await shop.admin.post(`${PRICES}/A-1`, { currency: "GBP", amount: "9" }, { "If-Match": '"0"' });
    expect(stale.status).toBe(412);
  });

  test("are set once, however often they are sent", async () => {
    const headers = { "Idempotency-Key": newId() };
    const body = { currency: "EUR", amount: "7.00" };
    const first = expectStatus(201, await shop.admin.post(`${PRICES}/A-1`, body, headers));
    const again = await shop.admin.post(`${PRICES}/A-1`, body, headers);
    expect(again).toMatchObject({ status: 201, body: first.body });
    const other = await shop.admin.post(`${PRICES}/A-1`, { ...body, amount: "8" }, headers);
    expect(other.body.code).toBe("idempotency-key-reused");
  });

  test("of a SKU with a space, and of one without any", async () => {
    const at = `${PRICES}/${encodeURIComponent("B 2")}`;
    const empty = expectStatus(200, await shop.admin.get(at));
    expect(empty.body).toEqual({ sku: "B 2", prices: [], revision: -1 });
    const set = expectStatus(201, await shop.admin.post(at, { currency: "GBP", amount: "1" }));
    expect(set.headers["location"]).toBe(at);
  });

  test.each([
    ["an unknown currency", { currency: "XYZ" }, "currency"],
    ["a currency in lower case", { currency: "gbp" }, "currency"],
    ["an amount as a number", { amount: 2.5 }, "amount"],
    ["a negative amount", { amount: "-1" }, "amount"],
    ["an amount with an exponent", { amount: "1e3" }, "amount"],
    ["an end before its beginning", { validFrom: hence(2), validUntil: hence(1) }, "validUntil"],
    ["an unknown field", { price: "1" }, "price"],
  ])("are refused: %s", async (_, over, path) => {
    const answer = await shop.admin.post(`${PRICES}/A-1`, { currency: "GBP", amount: "1", ...over });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ path }] } });
  });

  test("of an unknown SKU are refused", async () => {
    const answer = await shop.admin.post(`${PRICES}/NOPE`, { currency: "GBP", amount: "1" });
    expect(answer).toMatchObject({ status: 404, body: { code: "sku-not-found", sku: "NOPE" } });
    expect((await shop.admin.get(`${PRICES}/NOPE`)).body.code).toBe("sku-not-found");
  });
});

describe("stock", () => {
  test("is received, corrected, and allowed to run out", async () => {
    const at = `${STOCK}/main/A-1`;
    const received = expectStatus(200, await shop.admin.post(`${at}/receipts`, { quantity: 10, reference: "PO 7" }));
    expect(received.body).toEqual({
      location: "main",
      sku: "A-1",
      onHand: 10,
      reserved: 0,
      available: 10,
      allowBackorder: false,
      revision: 0,
    });
    expectStatus(200, await shop.admin.post(`${at}/adjustments`, { delta: -3, reason: "broken" }));
    const tooMany = await shop.admin.post(`${at}/adjustments`, { delta: -8, reason: "stolen" });
    expect(tooMany).toMatchObject({ status: 409, body: { code: "insufficient-stock", available: 7 } });
    expectStatus(200, await shop.admin.put(`${at}/backorder`, { allowBackorder: true }));
    const below = expectStatus(200, await shop.admin.post(`${at}/adjustments`, { delta: -8, reason: "stolen" }));
    expect(below.body.available).toBe(-1);
    const read = expectStatus(200, await shop.admin.get(at));
    expect(read.body).toMatchObject({ onHand: -1, allowBackorder: true, reservations: 0, revision: 3 });
  });

  test("is listed by place, SKU and what is left", async () => {
    await shop.admin.post(`${STOCK}/main/C3/receipts`, { quantity: 3 });
    const received = await shop.admin.post(`${STOCK}/attic/C3/receipts`, { quantity: 30 });
    const token = after(received);
    const both = await shop.admin.get(`${STOCK}?sku=C3`, token);
    expect(both.body).toMatchObject({ total: 2, items: [{ location: "attic" }, { location: "main", available: 3 }] });
    expect((await shop.admin.get(`${STOCK}?below=4&sku=C3`, token)).body.items).toMatchObject([{ location: "main" }]);
    expect((await shop.admin.get(`${STOCK}?location=attic`, token)).body.total).toBe(1);
    const first = await shop.admin.get(`${STOCK}?sku=C3&limit=1`, token);
    const second = await shop.admin.get(`${STOCK}?sku=C3&limit=1&cursor=${first.body.nextCursor}`);
    expect(second.body).toMatchObject({ items: [{ location: "main" }], nextCursor: null });
  });

  test.each([0, -1, 1e9, 1.5, "3", null])("is not received in a quantity of %p", async (quantity) => {
    const answer = await shop.admin.post(`${STOCK}/main/A-1/receipts`, { quantity });
    expect(answer).toMatchObject({ status: 422, body: { code: "invalid-body", errors: [{ path: "quantity" }] } });
  });

  test.each([
    [{ delta: 0, reason: "x" }, "delta"],
    [{ delta: 1.5, reason: "x" }, "delta"],
    [{ delta: 1 }, "reason"],
    [{ delta: 1, reason: " " }, "reason"],
    [{ delta: 1, reason: "x", note: "y" }, "note"],
  ])("is not corrected by %j", async (body, path) => {
    const answer = await shop.admin.post(`${STOCK}/main/A-1/adjustments`, body);
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ path }] } });
  });

  test("of an unknown SKU, or where nobody can be, is refused", async () => {
    expect((await shop.admin.post(`${STOCK}/main/NOPE/receipts`, { quantity: 1 })).body.code).toBe("sku-not-found");
    expect((await shop.admin.post(`${STOCK}/Main-1/A-1/receipts`, { quantity: 1 })).status).toBe(404);
    expect((await shop.admin.get(`${STOCK}/main/NOPE`)).body.code).toBe("stock-not-found");
  });
});

describe("a history", () => {
  test("says who, when and why, and what was the case at any revision and time", async () => {
    const at = `${STOCK}/main/${encodeURIComponent("B 2")}`;
    const stream = `/admin/v1/streams/stock/${encodeURIComponent("main-B 2")}`;
    expectStatus(200, await shop.admin.post(`${at}/receipts`, { quantity: 5 }, { "Change-Reason": "Übergabe" }));
    const between = (await shop.admin.get(stream)).body.events[0].when.occurredAt;
    await eventually(() => Promise.resolve(new Date().toISOString() > between));
    expectStatus(200, await shop.admin.post(`${at}/adjustments`, { delta: -2, reason: "broken" }));

    const { body } = expectStatus(200, await shop.admin.get(stream));
    expect(body).toMatchObject({ category: "stock", id: "main-B 2", revision: 1, nextFrom: null });
    expect(body.state).toEqual({ onHand: 3, reserved: 0, available: 3, allowBackorder: false, reservations: {} });
    expect(body.events).toMatchObject([
      { revision: 0, type: "StockReceived", data: { quantity: 5 }, who: "key:admin", why: { reason: "Übergabe" } },
      { revision: 1, type: "StockAdjusted", who: "key:admin", why: { reason: "broken" } },
    ]);

    expect((await shop.admin.get(`${stream}?at=0`)).body).toMatchObject({ revision: 0, state: { onHand: 5 } });
    expect((await shop.admin.get(`${stream}?at=${between}`)).body).toMatchObject({ revision: 0, state: { onHand: 5 } });
    const before = await shop.admin.get(`${stream}?at=2011-01-01T00:00:00Z`);
    expect(before.body).toMatchObject({ revision: -1, state: null, events: [] });
    const page = await shop.admin.get(`${stream}?limit=1`);
    expect(page.body).toMatchObject({ nextFrom: 1, events: [{ revision: 0 }], revision: 1 });
    expect((await shop.admin.get(`${stream}?from=1`)).body.events).toMatchObject([{ revision: 1 }]);
  });

  test("is there of prices, claims and products, and of nothing else", async () => {
    const price = expectStatus(200, await shop.admin.get("/admin/v1/streams/price/A-1"));
    expect(price.body.state.prices).toEqual(expect.arrayContaining([expect.objectContaining({ amount: "2.55" })]));
    const claim = expectStatus(200, await shop.admin.get("/admin/v1/streams/claim/sku:A-1"));
    const product = await shop.admin.get(`/admin/v1/streams/product/${claim.body.state.owner}`);
    expect(product.body.state.variants[0].sku).toBe("A-1");
    expectStatus(404, await shop.admin.get("/admin/v1/streams/product/nope"));
    expectStatus(404, await shop.admin.get("/admin/v1/streams/nope/1"));
    expectStatus(400, await shop.admin.get("/admin/v1/streams/price/A-1?at=yesterday"));
  });
});
