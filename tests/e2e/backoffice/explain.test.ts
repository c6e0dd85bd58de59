import { startShop } from "../../../src/engine/shop";
import { type Article, makeArticle } from "../../support/articles";
import { eventually } from "../../support/eventually";
import { Caller } from "../../support/http";
import { atRest } from "../../support/log";
import { ADMIN_KEY, startTestShop, type TestShop } from "../../support/shop";
import { buy, expectStatus } from "../../support/shopper";

/** Where a document, a state or an event comes from. */

/** Events after which a long stream gets another snapshot. */
const EVERY = 10;

let shop: TestShop;
let article: Article;
let order: { readonly id: string; readonly number: string };

beforeAll(async () => {
  shop = await startTestShop({ snapshotEvery: EVERY });
  article = await makeArticle(shop.admin, { sku: "EXPLAINED", stock: 10, price: "5.00" });
  const options = { after: article.token };
  for (let n = 0; n < 3; n++)
    order = (await buy(shop.anyone, [{ sku: article.sku, quantity: 1 }], options)).answer.body;
  await atRest(shop);
});
afterAll(() => shop.stop());

const get = async (path: string) => expectStatus(200, await shop.admin.get(`/admin/v1/${path}`)).body;
const types = (events: readonly { type: string }[]) => events.map(({ type }) => type);

describe("the difference between two states", () => {
  const diff = (query = "") => get(`streams/stock/main-EXPLAINED/diff${query}`);

  test("from before the first event to now", async () => {
    const { from, to, differences, events } = await diff();
    expect([from, to]).toEqual([-1, 3]);
    expect(differences).toEqual([{ path: "", was: null, now: expect.objectContaining({ onHand: 10, reserved: 3 }) }]);
    expect(types(events)).toEqual(["StockReceived", "StockReserved", "StockReserved", "StockReserved"]);
  });

  test("between two revisions, forwards and backwards", async () => {
    const forth = await diff("?from=0&to=1");
    expect(forth.differences).toEqual(
      expect.arrayContaining([
        { path: "/reserved", was: 0, now: 1 },
        { path: "/available", was: 10, now: 9 },
        { path: expect.stringMatching(/^\/reservations\//), now: expect.anything() },
      ]),
    );
    const back = await diff("?from=1&to=0");
    expect(back.differences).toContainEqual({ path: "/available", was: 9, now: 10 });
    expect(types(back.events)).toEqual(["StockReserved"]);
    expect((await diff("?from=2&to=2")).differences).toEqual([]);
  });

  test("between two times", async () => {
    const { events } = await get("streams/stock/main-EXPLAINED");
    const [, second, third] = events.map(({ when }: { when: { occurredAt: string } }) => when.occurredAt);
    const found = await diff(`?from=${second}&to=${third}`);
    expect([found.from, found.to]).toEqual([1, 2]);
    expect(await diff("?from=2001-01-01T00:00:00Z&to=0")).toMatchObject({ from: -1, to: 0 });
  });

  test("of what is not there", async () => {
    expect((await shop.admin.get("/admin/v1/streams/stock/main-NOTHING/diff")).status).toBe(404);
    expect((await shop.admin.get("/admin/v1/streams/nothing/1/diff")).status).toBe(404);
    expect((await shop.admin.get("/admin/v1/streams/stock/main-EXPLAINED/diff?from=x")).status).toBe(400);
  });

  test("shows no payment token", async () => {
    const { payment } = (await get(`explain/ordering/orders/${order.id}`)).document;
    const found = await get(`streams/payment/${payment.id}/diff`);
    expect(types(found.events)).toContain("PaymentRequested");
    expect(JSON.stringify(found)).not.toContain("tok_approve");
  });
});

describe("a document of a read model", () => {
  test("by the streams that it names, which give just that document", async () => {
    const found = await get(`explain/ordering/orders/${order.id}`);
    expect(found).toMatchObject({
      method: "streams",
      reproduced: true,
      nextAfter: null,
      document: { number: order.number },
    });
    expect(types(found.events)).toEqual(["OrderPlaced", "PaymentRequested", "PaymentAuthorised", "OrderConfirmed"]);
    expect(found.total).toBe(4);
    expect(found.events[0]).toMatchObject({ stream: `order-${order.id}`, who: expect.stringMatching(/^process:/) });
  });

  test("one that joins several contexts; by streams and by the whole log alike", async () => {
    const path = `explain/storefront/products/${encodeURIComponent(`product:${article.id}`)}`;
    const found = await get(path);
    expect(found).toMatchObject({ method: "streams", reproduced: true });
    expect(new Set(types(found.events))).toEqual(new Set(["ProductDrafted", "PriceSet", "StockReceived", "ProductPublished", "StockReserved"])); // prettier-ignore
    const scanned = await get(`${path}?scan=true`);
    expect(scanned).toMatchObject({ method: "log", reproduced: true, total: found.total });
    expect(scanned.events).toEqual(found.events);
  });

  test("every document of every read model can be explained", async () => {
    const models = ["catalog/products", "pricing/prices", "inventory/levels", "cart/offers", "cart/carts", "cart/regions", "payment/payments", "reference/countries", "reference/taxrates", "reference/currencies", "storefront/products"]; // prettier-ignore
    for (const name of models) {
      const [context = "", model = ""] = name.split("/");
      const { collection } = shop.services.models.get(context, model);
      for (const { _id } of await collection.aggregate<{ _id: string }>([{ $sample: { size: 4 } }]).toArray()) {
        const found = await get(`explain/${name}/${encodeURIComponent(_id)}`);
        expect([name, _id, found.method, found.reproduced]).toEqual([name, _id, "streams", true]);
        expect(found.total).toBeGreaterThan(0);
      }
    }
  });

  test("page by page", async () => {
    const first = await get("explain/inventory/levels/main-EXPLAINED?limit=3");
    const second = await get(`explain/inventory/levels/main-EXPLAINED?limit=3&after=${first.nextAfter}`);
    expect([first.events.length, second.events.length, second.nextAfter]).toEqual([3, 1, null]);
    expect([first.total, second.total]).toEqual([4, 4]);
  });

  test("one that was changed by other hands is not what its events give", async () => {
    const { collection } = shop.engine.models.get<{ _id: string; onHand: number }>("inventory", "levels");
    await collection.updateOne({ _id: "main-EXPLAINED" }, { $inc: { onHand: 1 } });
    const found = await get("explain/inventory/levels/main-EXPLAINED");
    expect(found).toMatchObject({ method: "log", reproduced: false, total: 4, document: { onHand: 11 } });
    await collection.updateOne({ _id: "main-EXPLAINED" }, { $inc: { onHand: -1 } });
  });

  test("one that is not there any more has a history all the same; one that never was has none", async () => {
    const category = expectStatus(201, await shop.admin.post("/admin/v1/categories", { name: "Gone", slug: "gone" }));
    expectStatus(204, await shop.admin.delete(`/admin/v1/categories/${category.body.id}`));
    await atRest(shop);
    const found = await get(`explain/catalog/categories/${category.body.id}`);
    expect(found).toMatchObject({ document: null, method: "log", reproduced: true });
    expect(types(found.events)).toEqual(["CategoryCreated", "CategoryRemoved"]);
    expect((await shop.admin.get("/admin/v1/explain/ordering/orders/nothing")).status).toBe(404);
    expect((await shop.admin.get("/admin/v1/explain/ordering/nothing/1")).status).toBe(404);
  });
});

describe("a stream with snapshots", () => {
  const sku = "LONG";
  const streams = [`stock/main-${sku}`, `price/${sku}`];
  const readModels = [
    `inventory/levels/main-${sku}`,
    `pricing/prices/${sku}`,
    `cart/offers/${encodeURIComponent(`sku:${sku}`)}`,
  ];

  /** A process that has nothing in memory, with snapshots or without. */
  async function another(snapshotEvery: number) {
    const started = await startShop({ ...shop.options, work: [], beforeOpening: undefined, snapshotEvery });
    const caller = new Caller(started.url, { "X-API-Key": ADMIN_KEY });
    return {
      figures: started.engine.snapshots.figures,
      /** But what tells how long the log is by now, which goes on with the audit trail. */
      async get(path: string) {
        const { status, body } = await caller.get(`/admin/v1/${path}`);
        return { status, body: { ...body, position: undefined, readTo: undefined } };
      },
      async stop() {
        await caller.close();
        await started.stop();
      },
    };
  }

  /** Snapshots of those streams, wherever their contexts keep them. */
  async function kept(): Promise<number> {
    const counts = ["inventory", "pricing"].map((context) =>
      shop.engine.stores.collection(context, "snapshots").countDocuments({ stream: { $regex: `${sku}$` } }),
    );
    return (await Promise.all(counts)).reduce((sum, count) => sum + count);
  }

  /** Stock that was received and adjusted again and again, with reservations open, and as many prices, some withdrawn. */
  async function makeLong(): Promise<Article> {
    const made = await makeArticle(shop.admin, { sku, stock: 40, price: "5.00" });
    const send = async (what: string, entries: readonly object[]) =>
      expectStatus(200, await shop.admin.post(`/admin/v1/bulk/${what}`, { entries }));
    for (let round = 0; round < 4; round++) {
      const six = Array.from({ length: 6 }, (_, n) => round * 6 + n);
      await send("stock", six.map((n) => ({ sku, quantity: n + 1 }))); // prettier-ignore
      await send("prices", six.map((n) => ({ sku, currency: "GBP", amount: `${n + 6}.00` }))); // prettier-ignore
      if (round % 2 === 0) await buy(shop.anyone, [{ sku, quantity: 1 }], { after: made.token });
      const adjusted = { delta: -1, reason: "broken" };
      expectStatus(200, await shop.admin.post(`/admin/v1/stock/main/${sku}/adjustments`, adjusted));
    }
    return made;
  }

  test("is at any revision and time what it is without, and so are differences and explanations", async () => {
    const { id } = await makeLong();
    await atRest(shop);
    await eventually(async () => (await kept()) >= streams.length);
    const [beside, plain] = await Promise.all([another(EVERY), another(0)]);
    const same = async (path: string) => {
      const [found, expected] = await Promise.all([beside.get(path), plain.get(path)]);
      expect([path, found]).toEqual([path, expected]);
      return found;
    };
    try {
      const lasts = new Map<string, object>();
      for (const stream of streams) {
        const { events } = (await plain.get(`streams/${stream}?limit=1000`)).body;
        const last = events.length - 1;
        expect(last).toBeGreaterThan(2 * EVERY);
        const times = [0, EVERY, last].map((n) => encodeURIComponent(events[n].when.occurredAt));
        const moments = [...events.map((_: unknown, n: number) => n), last + 5, ...times, "2001-01-01T00:00:00Z"];
        await Promise.all(moments.map((at) => same(`streams/${stream}?at=${at}&limit=5`)));
        const pairs = [[-1, last], [0, EVERY], [EVERY - 1, EVERY], [EVERY, EVERY + 1], [last, 3], times] as const; // prettier-ignore
        await Promise.all(pairs.map(([from, to]) => same(`streams/${stream}/diff?from=${from}&to=${to}`)));
        await same(`streams/${stream}/diff?from=${EVERY}`);
        lasts.set(stream, (await same(`streams/${stream}?at=${last}&limit=1`)).body.state);
      }
      for (const document of [...readModels, `storefront/products/${encodeURIComponent(`product:${id}`)}`]) {
        expect((await same(`explain/${document}`)).body).toMatchObject({ reproduced: true });
        await same(`explain/${document}?scan=true&limit=7`);
      }
      // All that was answered from the log alone; the state of now is the one that commands go on from.
      expect(beside.figures.read).toBe(0);
      for (const stream of streams)
        expect((await same(`streams/${stream}?from=${EVERY}&limit=2`)).body.state).toEqual(lasts.get(stream));
      expect([beside.figures, plain.figures]).toMatchObject([{ read: streams.length, ignored: 0 }, { read: 0 }]);
    } finally {
      await Promise.all([beside.stop(), plain.stop()]);
    }
  });
});

describe("an event", () => {
  const confirmed = async () => (await get(`streams/order/${order.id}`)).events.at(-1);

  test("what led to it, up to the shopper's request", async () => {
    const { id, position } = await confirmed();
    for (const query of [`?position=${position}`, ""]) {
      const found = await get(`causation/${id}${query}`);
      expect(found.event).toMatchObject({ id, type: "OrderConfirmed" });
      expect(types(found.causes)).toEqual(["CartCheckedOut", "PaymentRequested", "PaymentAuthorised"]);
      expect(found.causes[0]).toMatchObject({ causedBy: null, depth: 0, who: expect.stringMatching(/^shopper:/) });
      expect(found.searched.cutOff).toBe(false);
    }
  });

  test("what it led to, as a tree", async () => {
    const { id, position } = await confirmed();
    const { causes, correlationId } = await get(`causation/${id}?position=${position}`);
    const found = await get(`causation/${causes[0].id}`);
    const all = ["OrderPlaced", "StockReserved", "PaymentRequested", "PaymentAuthorised", "OrderConfirmed"];
    expect(types(found.effects)).toEqual(expect.arrayContaining(all));
    const authorised = found.effects.find(({ type }: { type: string }) => type === "PaymentAuthorised");
    expect(authorised).toMatchObject({ depth: 2 });
    const whole = await get(`correlations/${correlationId}`);
    expect(whole.events).toHaveLength(found.effects.length + 1);
    expect(await get(`correlations/${correlationId}?position=${position}`)).toMatchObject({ events: whole.events });
  });

  test("that is not there", async () => {
    const id = "00000000-0000-4000-8000-000000000000";
    expect((await shop.admin.get(`/admin/v1/causation/${id}`)).status).toBe(404);
    expect((await shop.admin.get(`/admin/v1/causation/${id}?position=1`)).status).toBe(404);
    expect((await shop.admin.get(`/admin/v1/correlations/${id}`)).status).toBe(404);
  });
});
