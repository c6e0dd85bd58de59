import { FORWARDS, START } from "@eventstore/db-client";
import { FORGOTTEN_EMAIL, NOBODY } from "../../../src/domains/kernel";
import { auditedOf } from "../../../src/engine/audited";
import { contextsOf } from "../../../src/engine/contexts";
import { startShop, type Shop, CONTEXTS } from "../../../src/engine/shop";
import { verify, verifyForgotten } from "../../../src/infra/audit";
import { createLogger } from "../../../src/infra/observability";
import { newId } from "../../../src/infra/runtime";
import { makeArticle } from "../../support/articles";
import { seen } from "../../support/consistency";
import { eventually } from "../../support/eventually";
import { Caller } from "../../support/http";
import { Listener } from "../../support/live";
import { atRest } from "../../support/log";
import { TEST_MASTER_KEYS } from "../../support/master-keys";
import { startTestShop, type TestShop } from "../../support/shop";
import { checkOut, expectStatus, fillIn, openCart, type Shopper } from "../../support/shopper";

/** A person who is forgotten leaves nothing that anybody can read, and everything that adds up. */

const audited = auditedOf(contextsOf({ paymentTimeout: 60 }));
const EMAIL = "Grace.Hopper@example.org";
const ADDRESS = { name: "Grace Hopper", line1: "1 Harbour Walk", line2: "Berth 4", city: "Arlington", postalCode: "VA 22201", country: "GB", phone: "+44 20 7946 0999" }; // prettier-ignore
const VALUES = [EMAIL, "Grace Hopper", "1 Harbour Walk", "+44 20 7946 0999", "Berth 4"];

let shop: TestShop;
/** Another process of the same shop. */
let other: Shop;
let beside: Caller;
/** What both have logged. */
const lines: string[] = [];
let sku: string;
let token: string;

beforeAll(async () => {
  const log = createLogger({ level: "trace", destination: { write: (line) => void lines.push(line) } });
  shop = await startTestShop({ paymentTimeout: 2, log });
  other = await startShop({ ...shop.options, work: [], serve: CONTEXTS, beforeOpening: undefined });
  beside = new Caller(other.url);
  ({ sku, token } = await makeArticle(shop.admin, { sku: "KEPT", stock: 1_000, price: "10.00" }));
});
afterAll(async () => {
  await beside.close();
  await other.stop();
  await shop.stop();
});

/** A cart with an article, an e-mail and an address. */
async function fullCart(): Promise<Shopper> {
  const shopper = await openCart(shop.anyone);
  const put = await shopper.caller.post(`${shopper.cart}/items`, { sku, quantity: 2 }, seen(token));
  expectStatus(200, put);
  await fillIn(shopper, EMAIL);
  expectStatus(200, await shopper.caller.put(`${shopper.cart}/shipping-address`, ADDRESS));
  return shopper;
}

const personOf = (shopper: Shopper): string => {
  const known = shop.services.tokens.verify(shopper.token);
  if (!known) throw new Error("no token of ours");
  return known.id;
};

const forget = (id: string) =>
  shop.admin.post(`/admin/v1/people/${encodeURIComponent(id)}/forget`, { reason: "asked by letter" });

const left = (id: string, values: readonly string[] = VALUES) =>
  verifyForgotten({
    catalogue: audited.catalogue,
    log: shop.engine.log,
    stores: shop.engine.stores,
    masterKeys: TEST_MASTER_KEYS,
    id,
    values,
    paths: [],
  });

/** Everything in the log, as it is stored. */
async function stored(): Promise<string> {
  const { client } = shop.engine.log.connect();
  try {
    let text = "";
    for await (const { event } of client.readAll({ direction: FORWARDS, fromPosition: START }))
      if (event && !event.streamId.startsWith("$")) text += JSON.stringify([event.data, event.metadata]);
    return text;
  } finally {
    await client.dispose();
  }
}

test("nothing personal is stored in the clear, neither in the log nor in read models", async () => {
  const shopper = await fullCart();
  const placed = expectStatus(201, await checkOut(shopper));
  await atRest(shop);
  expect(placed.body).toMatchObject({ status: "confirmed", email: EMAIL, shippingAddress: ADDRESS });
  const text = await stored();
  for (const value of [...VALUES, personOf(shopper), "tok_approve"])
    expect([value, text.includes(value)]).toEqual([value, false]);
  // The same question as is asked once a person is forgotten: now there is the key, and nothing else.
  const report = await left(personOf(shopper));
  expect(report.first.map(({ kind }) => kind)).toEqual(["key"]);
  expect(report.looked.documents).toBeGreaterThan(10);
}, 60_000);

test("those who may read it do: the shopper, the back office, the analyst", async () => {
  const shopper = await fullCart();
  const { id } = expectStatus(201, await checkOut(shopper)).body;
  await atRest(shop);
  const person = personOf(shopper);
  expect((await shopper.caller.get(shopper.cart)).body).toMatchObject({ email: EMAIL, shippingAddress: ADDRESS });
  expect((await beside.as(shopper.token).get(`/store/v1/orders/${id}`)).body).toMatchObject({ email: EMAIL });
  expect((await shopper.caller.get("/store/v1/orders")).body.items.map((order: { id: string }) => order.id)).toEqual([
    id,
  ]);
  expect((await shop.admin.get(`/admin/v1/orders/${id}`)).body).toMatchObject({ email: EMAIL, shopperId: person });
  const listed = (await shop.admin.get(`/admin/v1/orders?email=${EMAIL.toLowerCase()}`)).body.items;
  expect(listed.map((order: { id: string }) => order.id)).toContain(id);
  const people = (await shop.admin.get(`/admin/v1/people?text=${EMAIL}`)).body.items;
  expect(people.map((each: { id: string }) => each.id)).toContain(person);
  const events = (await shop.admin.get(`/admin/v1/streams/cart/${shopper.cartId}`)).body.events;
  expect(events.at(-1)).toMatchObject({ type: "CartCheckedOut", who: `shopper:${person}`, data: { email: EMAIL } });
  const explained = (await shop.admin.get(`/admin/v1/explain/ordering/orders/${id}`)).body;
  expect(explained).toMatchObject({ reproduced: true, document: { email: EMAIL, owner: person } });
  const sums = (await shop.admin.get(`/analytics/v1/feeds/orders/summary?groupBy=customer&filter=customer:${person}`))
    .body;
  expect(sums.groups).toMatchObject([{ key: person }]);
}, 60_000);

test("forgotten, a person is gone from everywhere at once, and what they bought is still there", async () => {
  const shopper = await fullCart();
  const { id, totals } = expectStatus(201, await checkOut(shopper)).body;
  // A second cart of the same shopper, still open.
  const second = expectStatus(
    201,
    await shopper.caller.post("/store/v1/carts", { currency: "GBP", country: "GB" }),
  ).body;
  const open = `/store/v1/carts/${second.id}`;
  expectStatus(200, await shopper.caller.put(`${open}/email`, { email: EMAIL }));
  // Refused with a key, and so remembered.
  const key = { "Idempotency-Key": newId() };
  const incomplete = { payment: { method: "test", token: "tok_approve" } };
  expectStatus(409, await shopper.caller.post(`${open}/checkout`, incomplete, key));
  await atRest(shop);
  const person = personOf(shopper);
  expectStatus(200, await beside.as(shopper.token).get(`/store/v1/orders/${id}`));
  const live = await Listener.open(`${other.url}/store/v1/orders/${id}/live`, {
    Authorization: `Bearer ${shopper.token}`,
  });
  await live.until(({ event }) => event === "order");

  expectStatus(401, await shop.anyone.post(`/admin/v1/people/${person}/forget`, {}));
  expectStatus(403, await shopper.caller.post(`/admin/v1/people/${person}/forget`, {}));
  expectStatus(200, await forget(person));
  // At once, in this process; in others as soon as the log tells of it.
  expect((await shop.admin.get(`/admin/v1/orders/${id}`)).body).toMatchObject({
    status: "confirmed",
    email: FORGOTTEN_EMAIL,
    shopperId: NOBODY,
    shippingAddress: { name: "forgotten", line1: "forgotten", city: "forgotten", country: "GB" },
    totals: { grand: totals.grand.amount },
  });
  expect((await shopper.caller.get(`/store/v1/orders/${id}`)).status).toBe(404);
  expect((await shopper.caller.get("/store/v1/orders")).body.items).toEqual([]);
  expect((await shopper.caller.get(open)).status).toBe(404);
  expect((await shopper.caller.put(`${open}/email`, { email: EMAIL })).status).toBe(404);
  await eventually(async () => (await beside.as(shopper.token).get(`/store/v1/orders/${id}`)).status === 404);
  await live.until(({ event }) => event === "gone");
  await live.close();
  expectStatus(200, await forget(person));

  const events = (await shop.admin.get(`/admin/v1/streams/cart/${shopper.cartId}`)).body.events;
  expect(events.at(-1)).toMatchObject({
    type: "CartCheckedOut",
    who: `shopper:${NOBODY}`,
    data: { email: FORGOTTEN_EMAIL },
  });
  const explained = (await shop.admin.get(`/admin/v1/explain/ordering/orders/${id}`)).body;
  expect(explained).toMatchObject({ reproduced: true, document: { email: FORGOTTEN_EMAIL } });
  const rows = String((await shop.admin.get("/analytics/v1/feeds/order-lines")).body)
    .trim()
    .split("\n");
  const own = rows.map((row) => JSON.parse(row) as { orderId: string }).filter(({ orderId }) => orderId === id);
  expect(own).toMatchObject([{ customer: NOBODY, quantity: 2, amount: "20" }, { sku: "SHIPPING" }]);

  // Built anew and verified, it is the same.
  expectStatus(202, await shop.admin.post("/operations/v1/projections/ordering.orders/rebuild"));
  await eventually(
    async () => (await shop.admin.get("/operations/v1/projections/ordering.orders")).body.rebuild === null,
  );
  expect((await shop.admin.get(`/admin/v1/orders/${id}`)).body).toMatchObject({
    email: FORGOTTEN_EMAIL,
    status: "confirmed",
  });
  await atRest(shop);
  const all = await verify({ ...audited, log: shop.engine.log, stores: shop.engine.stores });
  expect(all).toMatchObject({ good: true, streams: { faults: 0 } });
  expect(await left(person)).toMatchObject({ good: true, found: 0, looked: { keys: true } });
}, 60_000);

test("who asked, when and why is recorded, without a word about the person", async () => {
  const shopper = await fullCart();
  const person = personOf(shopper);
  const [known] = (await shop.admin.get(`/admin/v1/people?text=${person}`)).body.items;
  await forget(person);
  const { events } = (await shop.admin.get(`/admin/v1/streams/forgetting/${known.person}`)).body;
  expect(events).toMatchObject([
    { type: "PersonForgotten", data: { person: known.person }, who: "key:admin", why: { reason: "asked by letter" } },
  ]);
  expect(JSON.stringify(events)).not.toContain(person);
});

test("a checkout under way ends by itself", async () => {
  const shopper = await fullCart();
  const { id } = expectStatus(201, await checkOut(shopper, { token: "tok_hang", wait: false })).body;
  await forget(personOf(shopper));
  await eventually(async () => (await shop.admin.get(`/admin/v1/orders/${id}`)).body.status === "cancelled", 30_000);
  await atRest(shop);
  expect((await shop.admin.get("/admin/v1/stock/main/KEPT")).body).toMatchObject({ reserved: expect.any(Number) });
  expect(await left(personOf(shopper))).toMatchObject({ good: true });
}, 60_000);

test("whoever comes again is somebody new", async () => {
  const shopper = await fullCart();
  await forget(personOf(shopper));
  const again = expectStatus(
    201,
    await shopper.caller.post("/store/v1/carts", { currency: "GBP", country: "GB" }),
  ).body;
  expectStatus(200, await shopper.caller.put(`/store/v1/carts/${again.id}/email`, { email: EMAIL }));
  expect((await shopper.caller.get(`/store/v1/carts/${again.id}`)).body).toMatchObject({ email: EMAIL });
  expect((await shopper.caller.get(shopper.cart)).status).toBe(404);
});

test("what is still there is found, and told by its place alone", async () => {
  const { engine } = shop;
  const person = newId();
  const notes = engine.stores.collection<{ _id: string; text: string }>("operations", "notes");
  await notes.insertOne({ _id: "n", text: `call ${EMAIL} back` });
  const report = await left(person);
  expect(report.good).toBe(false);
  expect(report.first).toEqual([{ kind: "document", place: `${engine.stores.prefix}_operations.notes, /text`, what: "value 1" }]); // prettier-ignore
  await notes.deleteOne({ _id: "n" });
});

test("nothing of anybody was logged, at whatever level, also where requests were refused", async () => {
  const shopper = await fullCart();
  expectStatus(422, await shopper.caller.put(`${shopper.cart}/email`, { email: "Grace Hopper" }));
  expectStatus(409, await checkOut(await openCart(shop.anyone)));
  expectStatus(404, await beside.as(shopper.token).get(`/store/v1/orders/${newId()}`));
  const text = lines.join("");
  expect(lines.length).toBeGreaterThan(20);
  for (const value of [...VALUES, personOf(shopper), shopper.token]) expect([value, text.includes(value)]).toEqual([value, false]); // prettier-ignore
});
