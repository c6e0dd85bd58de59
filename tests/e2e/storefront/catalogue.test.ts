import { makeArticles } from "../../support/articles";
import { after, seen, tokenOf } from "../../support/consistency";
import { type Answer } from "../../support/http";
import { startTestShop, type TestShop } from "../../support/shop";
import { expectStatus } from "../../support/shopper";

/** Finding articles: words, categories, prices, stock; in any order, page by page. */

const PRODUCTS = "/store/v1/products";
const COLOURS = ["red", "green", "blue"] as const;
const COUNT = 60;

interface Item {
  readonly id: string;
  readonly slug: string;
  readonly sku: string;
  readonly name: string;
  readonly price: { readonly amount: string; readonly currency: string } | null;
  readonly available: number;
  readonly inStock: boolean;
  readonly categories: readonly string[];
}

interface Made {
  readonly sku: string;
  readonly title: string;
  readonly price: string | null;
  readonly stock: number;
  readonly category: string;
}

let shop: TestShop;
/** Reads that carry it see all that was made. */
let token: string;
let made: readonly Made[];
const categories = new Map<string, string>();

beforeAll(async () => {
  shop = await startTestShop();
  const category = async (slug: string, parent?: string) => {
    const parentId = parent === undefined ? null : categories.get(parent);
    const body = { name: slug.toUpperCase(), slug, parentId };
    categories.set(slug, expectStatus(201, await shop.admin.post("/admin/v1/categories", body)).body.id);
  };
  await category("home");
  await category("kitchen", "home");
  await category("mugs", "kitchen");
  await category("garden");
  await category("empty");

  made = Array.from({ length: COUNT }, (_, n) => {
    const kind = n % 4 === 3 ? "Spade" : "Mug";
    return {
      sku: `CAT-${String(n).padStart(2, "0")}`,
      // Names that differ in case and accents only, and some that are the same.
      title: `${n % 2 === 0 ? kind : kind.toUpperCase()} ${COLOURS[n % 3]} ${n % 10 === 0 ? "Crème" : String(n % 7)}`,
      // No price, and many that are the same.
      price: n % 15 === 14 ? null : `${(n % 9) + 1}.${n % 2 === 0 ? "50" : "95"}`,
      stock: n % 5 === 4 ? 0 : n + 1,
      category: kind === "Spade" ? "garden" : n % 8 === 0 ? "kitchen" : "mugs",
    };
  });
  const articles = await makeArticles(
    shop.admin,
    made.map((each) => ({ ...each, categories: [categories.get(each.category) ?? ""] })),
  );
  await makeArticles(shop.admin, [{ sku: "HIDDEN", title: "Mug red hidden", publish: false, stock: 5 }]);
  token = articles[0]?.token ?? "";
  expectStatus(200, await list(""));
});
afterAll(() => shop.stop());

const list = (query: string): Promise<Answer> => shop.anyone.get(`${PRODUCTS}${query}`, after(token));
const find = async (query: string): Promise<{ items: readonly Item[]; total: number; nextCursor: string | null }> =>
  expectStatus(200, await list(`?limit=100&${query}`)).body;
const skusOf = (items: readonly Item[]): readonly string[] => items.map(({ sku }) => sku);
const expected = (which: (article: Made) => boolean) => made.filter(which).map(({ sku }) => sku);

describe("a search", () => {
  test.each<[string, (article: Made) => boolean]>([
    ["q=mug", ({ title }) => /mug/i.test(title)],
    ["q=MUG", ({ title }) => /mug/i.test(title)],
    ["q=mu", ({ title }) => /mu/i.test(title)],
    ["q=ug", () => false],
    ["q=red+spade", ({ title }) => /spade red/i.test(title)],
    ["q=creme", ({ title }) => title.endsWith("Crème")],
    ["q=cr%C3%A8me", ({ title }) => title.endsWith("Crème")],
    ["q=hidden", () => false],
    ["q=CAT-07", ({ sku }) => sku === "CAT-07"],
    ["q=", () => true],
    ["category=garden", ({ category }) => category === "garden"],
    ["category=home", ({ category }) => category !== "garden"],
    ["category=kitchen", ({ category }) => category !== "garden"],
    ["category=mugs", ({ category }) => category === "mugs"],
    ["category=empty", () => false],
    ["category=nowhere", () => false],
    ["priceMin=5", ({ price }) => price !== null && Number(price) >= 5],
    ["priceMax=2.50", ({ price }) => price !== null && Number(price) <= 2.5],
    ["priceMin=2.95&priceMax=2.95", ({ price }) => price === "2.95"],
    ["priceMin=7&priceMax=3", () => false],
    ["inStock=true", ({ stock }) => stock > 0],
    ["inStock=false", ({ stock }) => stock === 0],
    ["q=mug&category=kitchen&inStock=true&priceMax=4", (article) => /mug/i.test(article.title) && article.category !== "garden" && article.stock > 0 && article.price !== null && Number(article.price) <= 4],
  ])("%s", async (query, which) => {
    const { items, total } = await find(query);
    expect([...skusOf(items)].sort()).toEqual([...expected(which)].sort());
    expect(total).toBe(items.length);
  }); // prettier-ignore

  test("by the id of a category is the same as by its slug", async () => {
    expect(await find(`category=${categories.get("kitchen")}`)).toEqual(await find("category=kitchen"));
  });

  test("shows each article with its price and stock", async () => {
    const { items } = await find("");
    for (const { sku, title, price, stock, category } of made)
      expect(items).toContainEqual({
        id: expect.any(String),
        slug: sku.toLowerCase(),
        sku,
        name: title,
        price: price === null ? null : { amount: price, currency: "GBP" },
        available: stock,
        inStock: stock > 0,
        image: null,
        categories: [categories.get(category)],
      });
  });

  test("in a currency without prices shows none", async () => {
    const { items, total } = await find("currency=EUR");
    expect(total).toBe(COUNT);
    expect(items.every(({ price }) => price === null)).toBe(true);
    expect((await find("currency=EUR&priceMin=0")).total).toBe(0);
  });
});

describe("an order", () => {
  const amount = ({ price }: Item) => (price === null ? -1 : Number(price.amount));
  test("by price, up and down; without a price comes first going up", async () => {
    const up = (await find("sort=price")).items.map(amount);
    expect(up).toEqual([...up].sort((a, b) => a - b));
    const down = (await find("sort=-price")).items.map(amount);
    expect(down).toEqual([...up].reverse());
  });

  test("by name, whatever its case and accents, and backwards", async () => {
    const folded = ({ name }: Item) => name.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
    const names = (await find("sort=name")).items.map(folded);
    expect(names).toEqual([...names].sort());
    expect((await find("sort=-name")).items.map(folded)).toEqual([...names].reverse());
    expect((await find("")).items).toEqual((await find("sort=name")).items);
  });

  test("newest first", async () => {
    const newest = { sku: "CAT-NEWEST", title: "Newest", categories: [categories.get("empty") ?? ""] };
    const [article] = await makeArticles(shop.admin, [newest]);
    token = article?.token ?? token;
    const { items } = await find("sort=newest");
    expect(items[0]?.sku).toBe(newest.sku);
    token = tokenOf(expectStatus(200, await shop.admin.post(`/admin/v1/products/${article?.id}/discontinue`)));
    expect((await find("")).total).toBe(COUNT);
  });
});

describe("pages", () => {
  const orders = ["name", "-name", "price", "-price", "newest"];
  test.each(orders.flatMap((sort) => [1, 7, 20].map((limit) => ({ sort, limit }))))(
    "of $limit by $sort show every product exactly once",
    async ({ sort, limit }) => {
      const whole = (await find(`sort=${sort}`)).items;
      const skus: string[] = [];
      let cursor: string | null = null;
      let pages = 0;
      do {
        const at: string = cursor === null ? `&sort=${sort}` : `&cursor=${cursor}`;
        const { body } = expectStatus(200, await list(`?limit=${limit}${at}`));
        expect(body.total).toBe(COUNT);
        expect(body.items.length).toBeLessThanOrEqual(limit);
        skus.push(...skusOf(body.items));
        cursor = body.nextCursor;
        pages++;
      } while (cursor !== null);
      expect(skus).toEqual(skusOf(whole));
      expect(pages).toBe(Math.ceil(COUNT / limit));
    },
  );

  test("keep to their filter", async () => {
    const first = expectStatus(200, await list("?category=garden&limit=10&sort=price")).body;
    const second = expectStatus(200, await list(`?category=garden&limit=10&cursor=${first.nextCursor}`)).body;
    expect([...skusOf(first.items), ...skusOf(second.items)].sort()).toEqual(
      [...expected(({ category }) => category === "garden")].sort(),
    );
    expect([first.total, second.total, second.nextCursor]).toEqual([15, 15, null]);
  });

  test("by number, for those who show page numbers", async () => {
    const skus: string[] = [];
    for (let page = 0; page < 4; page++) {
      const { body } = expectStatus(200, await list(`?limit=25&offset=${page * 25}`));
      skus.push(...skusOf(body.items));
      expect(body.total).toBe(COUNT);
    }
    expect(skus).toEqual(skusOf((await find("")).items));
  });

  test("go on while articles come and go, without showing one twice", async () => {
    const first = expectStatus(200, await list("?limit=30")).body;
    const [added] = await makeArticles(shop.admin, [{ sku: "CAT-AAA", title: "Aaa comes first" }]);
    token = added?.token ?? token;
    const second = expectStatus(200, await list(`?limit=100&cursor=${first.nextCursor}`)).body;
    expect(new Set([...skusOf(first.items), ...skusOf(second.items)]).size).toBe(COUNT);
    const gone = await shop.admin.post(`/admin/v1/products/${added?.id}/unpublish`);
    token = tokenOf(gone);
    expect((await find("")).total).toBe(COUNT);
  });
});

describe("facets", () => {
  test("count over all that the query finds, not only the page", async () => {
    const { body } = expectStatus(200, await list("?limit=3"));
    const count = (slug: string) => made.filter(({ category }) => category === slug).length;
    const facet = (slug: string) => ({ id: categories.get(slug), slug, name: slug.toUpperCase(), count: count(slug) });
    expect(body.facets.categories).toEqual(["mugs", "garden", "kitchen"].map(facet).sort((a, b) => b.count - a.count));
    expect(body.facets.price).toEqual({
      min: { amount: "1.50", currency: "GBP" },
      max: { amount: "9.95", currency: "GBP" },
    });
    expect(body.facets.inStock).toBe(expected(({ stock }) => stock > 0).length);
  });

  test("follow the filter", async () => {
    const { body } = expectStatus(200, await list("?category=garden&inStock=true&limit=1"));
    const which = expected(({ category, stock }) => category === "garden" && stock > 0);
    expect(body.facets).toMatchObject({ categories: [{ slug: "garden", count: which.length }], inStock: which.length });
    const none = expectStatus(200, await list("?q=nothing")).body;
    expect(none).toEqual({
      items: [],
      facets: { categories: [], price: null, inStock: 0 },
      nextCursor: null,
      total: 0,
    });
  });
});

describe("a page of a product", () => {
  test("is found by id and by slug", async () => {
    const { items } = await find("q=CAT-07");
    const [item] = items as [Item];
    const byId = expectStatus(200, await list(`/${item.id}`));
    expect(byId.body).toMatchObject({
      ...item,
      description: "",
      variants: [{ sku: "CAT-07", price: item.price, available: item.available }],
    });
    expect((await list(`/${item.slug}`)).body).toEqual(byId.body);
    expectStatus(404, await list("/hidden"));
  });

  test("moves with its slug", async () => {
    const { items } = await find("q=CAT-08");
    const [{ id, slug }] = items as [Item];
    const moved = expectStatus(200, await shop.admin.put(`/admin/v1/products/${id}/slug`, { slug: "moved" }));
    token = tokenOf(moved);
    expectStatus(404, await list(`/${slug}`));
    expect(expectStatus(200, await list("/moved")).body.id).toBe(id);
  });

  test("shows the cheapest variant, and what there is of all", async () => {
    const variants = [{ sku: "VAR-L", title: "large" }, { sku: "VAR-S", title: "small" }]; // prettier-ignore
    const draft = expectStatus(201, await shop.admin.post("/admin/v1/products", { title: "Variants", variants })).body;
    await shop.admin.post("/admin/v1/bulk/prices", { entries: [{ sku: "VAR-L", currency: "GBP", amount: "9" }, { sku: "VAR-S", currency: "GBP", amount: "4.5" }] }); // prettier-ignore
    await shop.admin.post("/admin/v1/bulk/stock", { entries: [{ sku: "VAR-L", quantity: 2 }, { sku: "VAR-S", quantity: 3 }] }); // prettier-ignore
    const published = expectStatus(200, await shop.admin.post(`/admin/v1/products/${draft.id}/publish`));
    token = tokenOf(published);
    expect(expectStatus(200, await list("/variants")).body).toMatchObject({
      sku: "VAR-S",
      price: { amount: "4.50" },
      available: 5,
      variants: [
        { sku: "VAR-L", title: "large", price: { amount: "9.00" }, available: 2 },
        { sku: "VAR-S", title: "small", price: { amount: "4.50" }, available: 3 },
      ],
    });
  });
});

describe("an answer that is known", () => {
  test.each([PRODUCTS, `${PRODUCTS}?q=mug&limit=5`, `${PRODUCTS}/cat-01`])("%s is not sent again", async (path) => {
    const first = expectStatus(200, await shop.anyone.get(path));
    const etag = first.headers["etag"] ?? "";
    expect(etag).toMatch(/^W?\/?"/);
    for (const known of [etag, `"other", ${etag}`, "*"]) {
      const again = await shop.anyone.get(path, { headers: { "If-None-Match": known } });
      expect([again.status, again.body, again.headers["etag"]]).toEqual([304, "", etag]);
    }
    expectStatus(200, await shop.anyone.get(path, { headers: { "If-None-Match": '"other"' } }));
    expect(first.headers["cache-control"]).toContain("public");
  });

  test("is sent again once it has changed", async () => {
    const path = `${PRODUCTS}/cat-02`;
    const { headers, body } = expectStatus(200, await shop.anyone.get(path));
    const received = await shop.admin.post(`/admin/v1/stock/main/${body.sku}/receipts`, { quantity: 1 });
    const after = { "If-None-Match": headers["etag"] ?? "", ...seen(received) };
    const changed = expectStatus(200, await shop.anyone.get(path, { headers: after }));
    expect(changed.body.available).toBe(body.available + 1);
    expect(changed.headers["etag"]).not.toBe(headers["etag"]);
  });
});
