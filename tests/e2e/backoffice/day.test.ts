import { after } from "../../support/consistency";
import { eventually } from "../../support/eventually";
import { type Answer, type Caller } from "../../support/http";
import { atRest } from "../../support/log";
import { startTestShop, type TestShop } from "../../support/shop";
import { buy, expectStatus } from "../../support/shopper";

/** A day in the back office: what one does, the next one finds, each with the rights of their own work. */

let shop: TestShop;
let buyer: Caller;
let store: Caller;
let support: Caller;
let finance: Caller;
let id: string;

beforeAll(async () => {
  shop = await startTestShop();
  const keyed = async (name: string, role: "catalogue" | "stock" | "support" | "finance") =>
    shop.anyone.with({ "X-API-Key": await shop.keys.create(name, [role]) });
  buyer = await keyed("bea", "catalogue");
  store = await keyed("stan", "stock");
  support = await keyed("sue", "support");
  finance = await keyed("fay", "finance");
});
afterAll(() => shop.stop());

const SKU = "TEAPOT-1";
const read = async (path: string, answer: Answer) => shop.anyone.get(path, after(answer));

test("morning: an article is drafted, priced and stocked, and nobody sees it until it is published", async () => {
  const draft = expectStatus(
    201,
    await buyer.post("/admin/v1/products", { title: "Teapot", variants: [{ sku: SKU }] }),
  );
  id = draft.body.id;
  expect(draft.body).toMatchObject({ status: "draft", slug: "teapot" });
  expectStatus(403, await store.post(`/admin/v1/products/${id}/publish`));
  expectStatus(201, await buyer.post(`/admin/v1/prices/${SKU}`, { currency: "GBP", amount: "12.50" }));
  const received = expectStatus(200, await store.post(`/admin/v1/stock/main/${SKU}/receipts`, { quantity: 10 }));
  expectStatus(404, await read("/store/v1/products/teapot", received));

  const published = expectStatus(200, await buyer.post(`/admin/v1/products/${id}/publish`));
  expect((await read("/store/v1/products/teapot", published)).body).toMatchObject({
    name: "Teapot",
    price: { amount: "12.50", currency: "GBP" },
    available: 10,
  });
});

test("noon: a delivery comes with a list that has mistakes, and what is right of it is booked", async () => {
  const entries = [
    { sku: SKU, quantity: 5, reference: "PO 1" },
    { sku: "TEAPOT-2", quantity: 5 },
    { op: "adjust", sku: SKU, delta: -1, reason: "handle broken" },
    { op: "adjust", sku: SKU, delta: -1_000, reason: "miscounted" },
    { sku: SKU, quantity: "5" },
  ];
  const { body } = expectStatus(200, await store.post("/admin/v1/bulk/stock", { entries }));
  expect(body).toMatchObject({ accepted: 2, refused: 3 });
  expect(body.results).toMatchObject([
    { index: 0, status: "accepted", revision: 1 },
    { index: 1, status: "refused", problem: { code: "sku-not-found" } },
    { index: 2, status: "accepted", revision: 2 },
    { index: 3, status: "refused", problem: { code: "insufficient-stock" } },
    { index: 4, status: "refused", problem: { code: "invalid-body", errors: [{ path: "entries.4.quantity" }] } },
  ]);
  expect((await store.get(`/admin/v1/stock/main/${SKU}`)).body).toMatchObject({ onHand: 14, available: 14 });
});

test("afternoon: orders come in; one is sent, one is called off, one is paid in parts and partly paid back", async () => {
  const orders = await Promise.all([1, 2, 3].map((quantity) => buy(shop.anyone, [{ sku: SKU, quantity }])));
  const [sent, off, paid] = orders.map(({ answer }) => `/admin/v1/orders/${answer.body.id}`) as [
    string,
    string,
    string,
  ];
  const newest = await support.get("/admin/v1/orders?status=confirmed&source=shop");
  expect(newest.body).toMatchObject({ total: 3, nextCursor: null });

  expectStatus(403, await finance.post(`${sent}/complete`));
  expectStatus(403, await support.post(`${sent}/capture`));
  expectStatus(200, await store.post(`${sent}/complete`));
  expectStatus(200, await support.post(`${off}/cancel`, { reason: "changed-mind", note: "rang at two" }));
  expectStatus(200, await finance.post(`${paid}/capture`, { amount: "20.00" }));
  expectStatus(200, await finance.post(`${paid}/refund`, { amount: "2.50", reason: "scratched" }));
  await atRest(shop);

  const of = async (path: string) => expectStatus(200, await support.get(path)).body;
  const grand = (order: { totals: { grand: string } }) => Number(order.totals.grand);
  const [sentNow, offNow, paidNow] = [await of(sent), await of(off), await of(paid)];
  expect(sentNow).toMatchObject({ status: "completed", payment: { status: "captured" } });
  expect(Number(sentNow.payment.captured)).toBe(grand(sentNow));
  expect(offNow).toMatchObject({ status: "cancelled", reason: "changed-mind", payment: { status: "voided" } });
  expect(paidNow).toMatchObject({ status: "confirmed", payment: { captured: "20", refunded: "2.5" } });
  // 14 on the shelf, 1 has left, 2 came back into reach, 3 are promised.
  expect((await store.get(`/admin/v1/stock/main/${SKU}`)).body).toMatchObject({
    onHand: 13,
    reserved: 3,
    available: 10,
  });
  expect((await support.get("/admin/v1/orders?status=cancelled")).body).toMatchObject({ total: 1 });
});

test("evening: every number can be explained", async () => {
  const stream = `/admin/v1/streams/stock/main-${SKU}`;
  const { events, state, revision } = expectStatus(200, await support.get(stream)).body;
  const told = events.map(({ type, who }: { type: string; who: string }) => `${type} by ${who}`);
  expect(told.slice(0, 3)).toEqual([
    "StockReceived by key:stan",
    "StockReceived by key:stan",
    "StockAdjusted by key:stan",
  ]);
  expect(told.filter((each: string) => each === "StockReserved by process:checkout")).toHaveLength(3);
  expect(events[2].why.reason).toBe("handle broken");

  // The state at each revision, and at the time of each event, is what the events up to it leave.
  let [onHand, reserved] = [0, 0];
  const held = new Map<string, number>();
  for (const { type, data, revision: at, when } of events) {
    if (type === "StockReceived") onHand += data.quantity;
    if (type === "StockAdjusted") onHand += data.delta;
    if (type === "StockReserved") held.set(data.reservationId, data.quantity);
    if (type === "StockShipped") onHand -= held.get(data.reservationId) ?? 0;
    if (type === "StockShipped" || type === "ReservationReleased") held.delete(data.reservationId);
    reserved = [...held.values()].reduce((sum, each) => sum + each, 0);
    const then = expectStatus(200, await support.get(`${stream}?at=${at}`)).body;
    expect(then).toMatchObject({ revision: at, state: { onHand, reserved, available: onHand - reserved } });
    const byTime = expectStatus(200, await support.get(`${stream}?at=${when.occurredAt}`)).body;
    expect(byTime.revision).toBeGreaterThanOrEqual(at);
    expect(byTime.events.every((event: typeof byTime.events[number]) => event.when.occurredAt <= when.occurredAt)).toBe(true); // prettier-ignore
  }
  expect([revision, state.onHand, state.reserved]).toEqual([events.length - 1, onHand, reserved]);
  expectStatus(403, await store.get(stream));
});

test("an order's history leads from the shopper's click to the last penny", async () => {
  const click = "click-4711";
  const { shopper, answer } = await buy(shop.anyone.with({ "X-Correlation-Id": click }), [{ sku: SKU, quantity: 1 }]);
  const path = `/admin/v1/orders/${answer.body.id}`;
  expectStatus(200, await store.post(`${path}/complete`, { reason: "taken by the courier" }));
  const history = await eventually(async () => {
    const { body } = expectStatus(200, await support.get(`${path}/history`));
    return body.events.some(({ type }: { type: string }) => type === "PaymentCaptured") ? body.events : undefined;
  });
  const byType = new Map<string, { why: { correlationId: string; reason: string | null }; who: string }>(
    history.map((event: { type: string }) => [event.type, event]),
  );
  for (const type of ["OrderPlaced", "CheckoutStarted", "PaymentRequested", "PaymentAuthorised", "OrderConfirmed"])
    expect([type, byType.get(type)?.why.correlationId]).toEqual([type, click]);
  // Whoever was first: the answer to the shopper, or the checkout that makes sure of it.
  expect(byType.get("OrderPlaced")?.who).toMatch(/^(shopper:|process:checkout$)/);
  expect(byType.get("OrderCompleted")).toMatchObject({ who: "key:stan", why: { reason: "taken by the courier" } });
  expect((await shopper.caller.get(`/store/v1/orders/${answer.body.id}`)).body).toMatchObject({ status: "completed" });
});
