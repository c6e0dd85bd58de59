import { setTimeout as pause } from "node:timers/promises";
import { type Document } from "../../../src/domains/kernel";
import { type Article, makeArticles } from "../../support/articles";
import { after } from "../../support/consistency";
import { eventually } from "../../support/eventually";
import { type Answer } from "../../support/http";
import { atRest } from "../../support/log";
import { startTestShop, type TestShop } from "../../support/shop";
import { buy, expectStatus, fillIn, openCart, type Shopper } from "../../support/shopper";

/** A read model can be rebuilt while the shop is open. */

const OPERATIONS = "/operations/v1/projections";

const PRODUCTS = 90;

let shop: TestShop;
/** Stock of it only ever grows. */
let growing: Article;
let sold: Article;
let categoryId: string;

beforeAll(async () => {
  shop = await startTestShop();
  const category = expectStatus(201, await shop.admin.post("/admin/v1/categories", { name: "All", slug: "all" }));
  categoryId = category.body.id;
  const articles = Array.from({ length: PRODUCTS }, (_, n) => ({
    sku: `BUILT-${n}`,
    title: `Built ${n}`,
    stock: 10 + n,
    categories: [categoryId],
  }));
  const made = await makeArticles(shop.admin, [...articles, { sku: "SOLD", stock: 10_000 }]);
  [growing, sold] = [made[0] as Article, made.at(-1) as Article];
  for (let n = 0; n < 5; n++) await buy(shop.anyone, [{ sku: sold.sku, quantity: 1 }], { after: growing.token });
});
afterAll(() => shop.stop());

interface Work {
  readonly name: string;
  readonly context: string;
  readonly kind: string;
  readonly target: string;
  readonly state: string;
  readonly error: object | null;
  readonly rebuild: object | null;
}
const fullName = ({ context, name }: Work) => `${context}.${name}`;

async function readModels(): Promise<readonly Work[]> {
  const { body } = expectStatus(200, await shop.anyone.get(OPERATIONS));
  return body.items.filter(({ kind }: Work) => kind === "projection" || kind === "feed");
}

const rebuild = (work: Work): Promise<Answer> => shop.anyone.post(`${OPERATIONS}/${fullName(work)}/rebuild`);

/** Waits until the rebuilt ones serve. They are asked for together: each by itself would keep the shop from the work. */
const takenOver = (...before: readonly Work[]) =>
  eventually(async () => {
    const now = new Map((await readModels()).map((work) => [fullName(work), work]));
    return before.every((old) => {
      const work = now.get(fullName(old));
      return work?.rebuild === null && work.target !== old.target && work.state === "live";
    });
  }, 60_000);

async function documentsOf({ context, name }: Work): Promise<readonly Document[]> {
  const { collection } = shop.services.models.get<Document>(context, name);
  return collection.find().sort({ _id: 1 }).toArray();
}

/** Something that may only grow, read over and over; each answer must be a good one. */
interface Watched {
  readonly what: string;
  read(): Promise<Answer>;
  count(answer: Answer): number;
}

async function watch({ what, read, count }: Watched, over: () => boolean): Promise<number> {
  let last = -1;
  let reads = 0;
  while (!over()) {
    const answer = await read();
    if (answer.status !== 200)
      throw new Error(`${what}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 300)}`);
    const now = count(answer);
    if (!(now >= last)) throw new Error(`${what}: ${now} after ${last}`);
    last = now;
    reads++;
    // Asked without a pause, a dozen readers would be all that the process does.
    await pause(5);
  }
  return reads;
}

function watchedBy(shopper: Shopper): readonly Watched[] {
  const get = (path: string) => () => shop.anyone.get(path);
  const admin = (path: string) => () => shop.admin.get(path);
  const total = ({ body }: Answer): number => body.total;
  return [
    { what: "page", read: get(`/store/v1/products/${growing.slug}`), count: ({ body }) => body.available },
    {
      what: "list",
      read: get("/store/v1/products?q=built&limit=100&sort=newest"),
      count: ({ body }) => (body.total === PRODUCTS ? body.facets.inStock : NaN),
    },
    {
      what: "list by category",
      read: get(`/store/v1/products?category=all&q=0&limit=1`),
      count: ({ body }) => body.items[0]?.available ?? NaN,
    },
    { what: "tree", read: get("/store/v1/categories"), count: ({ body }) => body.items.length },
    { what: "level", read: admin(`/admin/v1/stock/main/${growing.sku}`), count: ({ body }) => body.onHand },
    { what: "levels", read: admin("/admin/v1/stock?limit=1"), count: total },
    { what: "orders", read: admin("/admin/v1/orders?limit=1"), count: total },
    { what: "products", read: admin("/admin/v1/products?limit=1"), count: total },
    { what: "prices", read: admin(`/admin/v1/prices/${growing.sku}`), count: ({ body }) => body.prices.length },
    { what: "currencies", read: get("/reference/v1/currencies"), count: ({ body }) => body.items.length },
    { what: "cart", read: () => shopper.caller.get(shopper.cart), count: ({ body }) => body.lines[0]?.quantity ?? 0 },
    {
      what: "feed",
      read: get("/analytics/v1/feeds/stock-movements?limit=100000"),
      count: ({ body }) => String(body).split("\n").length,
    },
    {
      what: "summary",
      read: get("/analytics/v1/feeds/orders/summary?groupBy=status"),
      count: ({ body }) => body.total.rows,
    },
  ];
}

/** Writes until it is over; each write is read back. */
async function write(shopper: Shopper, over: () => boolean): Promise<void> {
  for (let round = 0; !over(); round++) {
    const received = expectStatus(
      200,
      await shop.admin.post(`/admin/v1/stock/main/${growing.sku}/receipts`, { quantity: 1 }),
    );
    const token = after(received);
    const page = expectStatus(200, await shop.anyone.get(`/store/v1/products/${growing.slug}`, token));
    if (page.body.available !== received.body.available)
      throw new Error(`wrote ${received.body.available}, read ${page.body.available}`);
    expectStatus(200, await shopper.caller.post(`${shopper.cart}/items`, { sku: sold.sku, quantity: 1 }));
    if (round % 3 === 0) {
      const amount = `${10 + round}.00`;
      await shop.admin.post(`/admin/v1/prices/${growing.sku}`, { currency: "GBP", amount });
      await shop.admin.post("/admin/v1/products", { title: `Draft ${round}` });
    }
  }
}

async function shopAround(over: () => boolean): Promise<void> {
  while (!over()) {
    const { answer } = await buy(shop.anyone, [{ sku: sold.sku, quantity: 1 }]);
    if (answer.body.status !== "confirmed") throw new Error(`not confirmed: ${JSON.stringify(answer.body)}`);
  }
}

test("while shoppers read and write: no error, no gap, nothing older than before", async () => {
  const shopper = await openCart(shop.anyone);
  await fillIn(shopper);
  let done = false;
  const over = () => done;
  const watched = watchedBy(shopper);
  const readers = watched.map((each) => watch(each, over));
  const writers = [write(shopper, over), shopAround(over), shopAround(over)];
  // What fails early must not go unnoticed until the end.
  const failure = Promise.race([...readers, ...writers].map((each) => each.then(() => undefined)));
  try {
    for (let round = 0; round < 2; round++) {
      const works = await readModels();
      expect(works.length).toBeGreaterThan(10);
      const begun = await Promise.all(works.map(rebuild));
      expect(begun.map(({ status }) => status)).toEqual(works.map(() => 202));
      await Promise.race([failure, takenOver(...works)]);
    }
  } finally {
    done = true;
    await Promise.allSettled([...readers, ...writers]);
  }
  await Promise.all(writers);
  const reads = await Promise.all(readers);
  for (const [index, { what }] of watched.entries()) expect([what, reads[index]]).not.toEqual([what, 0]);
  await shop.engine.level(30_000);
  const { error } = (await readModels()).find((work) => work.error !== null) ?? { error: null };
  expect(error).toBeNull();
}, 180_000);

test("a second rebuild of the same is refused while one is under way", async () => {
  const work = (await readModels()).find((each) => fullName(each) === "storefront.products");
  if (!work) throw new Error("not there");
  const answers = await Promise.all([rebuild(work), rebuild(work), rebuild(work)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409]);
  const refused = answers.find(({ status }) => status === 409);
  expect(refused?.body).toMatchObject({ code: "rebuild-under-way" });
  expect(answers.find(({ status }) => status === 202)?.body).toMatchObject({
    rebuild: { version: expect.any(Number) },
  });
  await takenOver(work);
});

test("the documents are the same as before", async () => {
  await atRest(shop);
  // Asking for a rebuild is itself in the audit trail.
  const works = (await readModels()).filter((work) => fullName(work) !== "analytics.audit");
  const before = await Promise.all(works.map(documentsOf));
  expect((await Promise.all(works.map(rebuild))).map(({ status }) => status)).toEqual(works.map(() => 202));
  await takenOver(...works);
  await atRest(shop);
  for (const [index, work] of works.entries()) {
    const after = await documentsOf(work);
    expect({ name: fullName(work), count: after.length }).toEqual({
      name: fullName(work),
      count: before[index]?.length,
    });
    expect(after).toEqual(before[index]);
  }
}, 120_000);

test("only what is built can be rebuilt", async () => {
  expect((await shop.anyone.post(`${OPERATIONS}/nothing/rebuild`)).status).toBe(404);
  const process = await shop.anyone.post(`${OPERATIONS}/ordering.checkout/rebuild`);
  expect(process).toMatchObject({ status: 409, body: { code: "cannot-be-rebuilt" } });
});
