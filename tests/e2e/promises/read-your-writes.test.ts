import { type Article, makeArticle, makeArticles } from "../../support/articles";
import { after } from "../../support/consistency";
import { type Answer } from "../../support/http";
import { startTestShop, type TestShop } from "../../support/shop";
import { buy, expectStatus, openCart } from "../../support/shopper";

/** You read what you just wrote, also through the cache. */

const ROUNDS = 200;
/** A busy machine may take its time. */
const PATIENCE = 300_000;
const PAGE = "/store/v1/products/warm-1";
/** Each is an answer of its own in the cache. */
const LISTS = [
  "/store/v1/products",
  "/store/v1/products?q=warm",
  "/store/v1/products?sort=price&limit=5",
  "/store/v1/products?inStock=true",
];

let shop: TestShop;
let article: Article;

beforeAll(async () => {
  shop = await startTestShop();
  [article] = (await makeArticles(
    shop.admin,
    Array.from({ length: 5 }, (_, n) => ({ sku: `WARM-${n + 1}`, title: `Warm ${n + 1}`, stock: 10 })),
  )) as [Article];
  expectStatus(200, await shop.anyone.get(PAGE, after(article)));
});
afterAll(() => shop.stop());

const itemOf = ({ body }: Answer) => body.items.find(({ id }: { id: string }) => id === article.id);

/** Shoppers who ask for the same answers over and over, so that those are always kept. */
async function whileWarm(work: () => Promise<void>): Promise<void> {
  let over = false;
  let reads = 0;
  const shopper = async (path: string) => {
    while (!over) {
      expectStatus(200, await shop.anyone.get(path));
      reads++;
    }
  };
  const shoppers = [PAGE, ...LISTS].map(shopper);
  try {
    await work();
  } finally {
    over = true;
    await Promise.all(shoppers);
  }
  expect(reads).toBeGreaterThan(ROUNDS);
}

test(
  "a price, a stock or a product shows at once in lists and pages that are kept",
  async () => {
    let stock = 10;
    await whileWarm(async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const [answer, expected] = await write(round);
        const written = expectStatus(answer.status < 300 ? answer.status : 200, answer);
        const list = LISTS[round % LISTS.length] ?? "";
        const [listed, page] = await Promise.all([
          shop.anyone.get(list, after(written)),
          shop.anyone.get(PAGE, after(written)),
        ]);
        expect({ round, item: itemOf(listed) }).toMatchObject({ round, item: expected });
        expect({ round, page: page.body }).toMatchObject({ round, page: expected });
      }
    });

    async function write(round: number): Promise<[Answer, object]> {
      switch (round % 3) {
        case 0: {
          const amount = `${10 + round}.50`;
          const answer = await shop.admin.post(`/admin/v1/prices/${article.sku}`, { currency: "GBP", amount });
          return [answer, { price: { amount, currency: "GBP" } }];
        }
        case 1: {
          stock += 3;
          const answer = await shop.admin.post(`/admin/v1/stock/main/${article.sku}/receipts`, { quantity: 3 });
          return [answer, { available: stock }];
        }
        default: {
          const name = `Warm, changed ${round} times`;
          return [await shop.admin.patch(`/admin/v1/products/${article.id}`, { title: name }), { name }];
        }
      }
    }
  },
  PATIENCE,
);

test(
  "a product that is hidden is gone at once, and back at once",
  async () => {
    const path = `/admin/v1/products/${article.id}`;
    await whileHeld(async () => {
      for (let round = 0; round < 20; round++) {
        const hidden = expectStatus(200, await shop.admin.post(`${path}/unpublish`));
        expect((await shop.anyone.get(PAGE, after(hidden))).status).toBe(404);
        expect(itemOf(await shop.anyone.get(LISTS[0] ?? "", after(hidden)))).toBeUndefined();
        const back = expectStatus(200, await shop.admin.post(`${path}/publish`));
        expectStatus(200, await shop.anyone.get(PAGE, after(back)));
        expect(itemOf(await shop.anyone.get(LISTS[0] ?? "", after(back)))).toBeDefined();
      }
    });

    /** As above, but the page may be missing. */
    async function whileHeld(work: () => Promise<void>) {
      let over = false;
      const shoppers = [PAGE, ...LISTS].map(async (each) => {
        while (!over) await shop.anyone.get(each);
      });
      await work().finally(() => (over = true));
      await Promise.all(shoppers);
    }
  },
  PATIENCE,
);

test("a category shows at once in the tree, in lists by category and in their facets", async () => {
  for (let round = 0; round < 8; round++) {
    const slug = `shelf-${round}`;
    const made = expectStatus(201, await shop.admin.post("/admin/v1/categories", { name: "Shelf", slug }));
    const tree = await shop.anyone.get("/store/v1/categories", after(made));
    expect(tree.body.items).toContainEqual(expect.objectContaining({ slug }));

    const { token } = await makeArticle(shop.admin, { sku: `SHELF-${round}`, categories: [made.body.id] });
    const path = `/store/v1/products?category=${slug}`;
    const listed = await shop.anyone.get(path, after(token));
    expect(listed.body).toMatchObject({ total: 1, facets: { categories: [{ slug, name: "Shelf", count: 1 }] } });

    const name = `Shelf ${round}, tidied`;
    const renamed = expectStatus(200, await shop.admin.patch(`/admin/v1/categories/${made.body.id}`, { name }));
    const { body } = await shop.anyone.get(path, after(renamed));
    expect({ round, facets: body.facets.categories }).toMatchObject({ round, facets: [{ slug, name }] });
  }
});

test("a cart and its order, in the shop and in the back office", async () => {
  const shopper = await openCart(shop.anyone);
  for (let quantity = 1; quantity <= 20; quantity++) {
    const put = expectStatus(200, await shopper.caller.post(`${shopper.cart}/items`, { sku: "WARM-2", quantity: 1 }));
    const { body } = await shopper.caller.get(shopper.cart, after(put));
    expect(body.lines).toMatchObject([{ sku: "WARM-2", quantity }]);
  }
  for (let round = 0; round < 5; round++) {
    const { answer, shopper: buyer } = await buy(shop.anyone, [{ sku: "WARM-3", quantity: 1 }], { wait: false });
    const placed = expectStatus(201, answer);
    const { id, number } = placed.body;
    expect((await buyer.caller.get(`/store/v1/orders/${id}`, after(placed))).status).toBe(200);
    const listed = await shop.admin.get("/admin/v1/orders?limit=200", after(placed));
    expect(listed.body.items).toContainEqual(expect.objectContaining({ id, number }));
    const cancelled = expectStatus(200, await shop.admin.post(`/admin/v1/orders/${id}/cancel`, { reason: "test" }));
    const read = await buyer.caller.get(`/store/v1/orders/${id}`, after(cancelled));
    expect(read.body).toMatchObject({ status: "cancelled", reason: "test" });
  }
});

test("what the back office wrote, in its own lists", async () => {
  for (let round = 0; round < 20; round++) {
    const made = expectStatus(201, await shop.admin.post("/admin/v1/products", { title: `Listed ${round}` }));
    const products = await shop.admin.get(`/admin/v1/products?q=listed&limit=200`, after(made));
    expect(products.body.total).toBe(round + 1);
    const received = await shop.admin.post("/admin/v1/stock/attic/WARM-4/receipts", { quantity: 1 });
    const levels = await shop.admin.get("/admin/v1/stock?location=attic", after(received));
    expect(levels.body.items).toMatchObject([{ sku: "WARM-4", onHand: round + 1 }]);
  }
});

test("reference data and feeds, through what is kept of them", async () => {
  const feed = "/analytics/v1/feeds/stock-movements";
  for (let round = 0; round < 10; round++) {
    await shop.anyone.get("/reference/v1/currencies");
    const name = `Coin of round ${round}`;
    const put = await shop.admin.put("/reference/v1/currencies/QQQ", { name, fractionDigits: 2 });
    const { body } = await shop.anyone.get("/reference/v1/currencies", after(put));
    expect(body.items).toContainEqual(expect.objectContaining({ code: "QQQ", name }));

    await shop.anyone.get(`${feed}/summary?groupBy=location`);
    const received = await shop.admin.post("/admin/v1/stock/cellar/WARM-4/receipts", { quantity: 2 });
    const summary = await shop.anyone.get(`${feed}/summary?groupBy=location`, after(received));
    expect(summary.body.groups).toContainEqual(
      expect.objectContaining({ key: "cellar", rows: round + 1, quantity: 2 * (round + 1) }),
    );
    const rows = await shop.anyone.get(`${feed}?limit=100000`, after(received));
    expect(String(rows.body).split(`"location":"cellar"`)).toHaveLength(round + 2);
  }
});

test("a token from the future is answered 503 within its patience, by every kind of read", async () => {
  const future = after("c1-zzzzzzzzzz");
  const shopper = await openCart(shop.anyone);
  const reads = [
    shop.anyone.get(LISTS[0] ?? "", future),
    shop.anyone.get(PAGE, future),
    shop.anyone.get("/store/v1/categories", future),
    shopper.caller.get(shopper.cart, future),
    shopper.caller.get("/store/v1/orders", future),
    shop.admin.get("/admin/v1/orders", future),
    shop.admin.get(`/admin/v1/stock/main/${article.sku}`, future),
    shop.anyone.get("/reference/v1/currencies", future),
    shop.anyone.get("/analytics/v1/feeds/orders", future),
    shop.anyone.get("/analytics/v1/feeds/orders/summary", future),
  ];
  const since = Date.now();
  for (const answer of await Promise.all(reads)) {
    expect(answer).toMatchObject({ status: 503, body: { code: "read-model-behind", readModel: expect.any(String) } });
    expect(answer.headers["retry-after"]).toBe("1");
  }
  expect(Date.now() - since).toBeLessThan(20_000);
  expectStatus(200, await shop.anyone.get(PAGE));
});
