import { newId } from "../../../src/infra/runtime";
import { seen } from "../../support/consistency";
import { startTestShop, type TestShop } from "../../support/shop";
import { expectStatus } from "../../support/shopper";

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop();
});
afterAll(() => shop.stop());

const PRODUCTS = "/admin/v1/products";
let count = 0;
/** A product that no other test has. */
const draft = (over: object = {}) => {
  const n = ++count;
  return { title: `Lantern ${n}`, variants: [{ sku: `L-${n}` }], ...over };
};
const make = async (over: object = {}) => expectStatus(201, await shop.admin.post(PRODUCTS, draft(over)));
const key = () => ({ "Idempotency-Key": newId() });

describe("a product", () => {
  test("is drafted, priced, published, seen, hidden, and taken out of the range", async () => {
    const { body, headers } = await make({ title: "Red Lantern", attributes: { colour: "red" } });
    const { id, slug } = body;
    const sku = body.variants[0].sku;
    expect(body).toMatchObject({ status: "draft", slug: "red-lantern", taxCategory: "standard", revision: 0 });
    expect(headers["location"]).toBe(`${PRODUCTS}/${id}`);
    expect(headers["etag"]).toBe('"0"');

    expectStatus(201, await shop.admin.post(`/admin/v1/prices/${sku}`, { currency: "GBP", amount: "2.55" }));
    expectStatus(200, await shop.admin.post(`/admin/v1/stock/main/${sku}/receipts`, { quantity: 5 }));
    const published = expectStatus(200, await shop.admin.post(`${PRODUCTS}/${id}/publish`));
    expect(published.body).toMatchObject({ status: "published", revision: 1 });

    const token = seen(published);
    const page = expectStatus(200, await shop.anyone.get(`/store/v1/products/${slug}`, { headers: token }));
    expect(page.body).toMatchObject({
      id,
      variants: [{ sku, available: 5, price: { amount: "2.55", currency: "GBP" } }],
    });

    const hidden = expectStatus(200, await shop.admin.post(`${PRODUCTS}/${id}/unpublish`, { reason: "photo missing" }));
    const later = seen(hidden);
    expectStatus(404, await shop.anyone.get(`/store/v1/products/${slug}`, { headers: later }));
    expectStatus(200, await shop.admin.post(`${PRODUCTS}/${id}/discontinue`));
    expect((await shop.admin.patch(`${PRODUCTS}/${id}`, { title: "New" })).body.code).toBe("product-discontinued");
  });

  test("is read back at once by whoever wrote it", async () => {
    const { body } = await make();
    const read = expectStatus(200, await shop.admin.get(`${PRODUCTS}/${body.id}`));
    expect(read.body).toMatchObject(body);
    expect(read.headers["etag"]).toBe('"0"');
    expectStatus(304, await shop.admin.get(`${PRODUCTS}/${body.id}`, { headers: { "If-None-Match": '"0"' } }));
  });

  test("is changed on the revision that the caller knows, and on no other", async () => {
    const { body } = await make();
    const at = `${PRODUCTS}/${body.id}`;
    const changed = await shop.admin.patch(at, { title: "Lamp", attributes: { height: 12 } }, { "If-Match": '"0"' });
    expect(changed).toMatchObject({ status: 200, body: { title: "Lamp", revision: 1, attributes: { height: 12 } } });
    const stale = await shop.admin.patch(at, { title: "Other" }, { "If-Match": '"0"' });
    expect(stale).toMatchObject({ status: 412, body: { code: "stale-revision" } });
  });

  test("has variants, each with a SKU of its own", async () => {
    const { body } = await make();
    const at = `${PRODUCTS}/${body.id}/variants`;
    const sku = `${body.variants[0].sku}/X`.replace("/", "-");
    const added = expectStatus(200, await shop.admin.post(at, { sku, title: "large" }));
    expect(added.body.variants).toHaveLength(2);
    const revised = expectStatus(200, await shop.admin.patch(`${at}/${sku}`, { title: "", attributes: { size: "L" } }));
    expect(revised.body.variants[1]).toEqual({ sku, attributes: { size: "L" } });
    const other = await make();
    const taken = await shop.admin.post(`${PRODUCTS}/${other.body.id}/variants`, { sku });
    expect(taken).toMatchObject({ status: 409, body: { code: "sku-taken", productId: body.id } });
    expectStatus(200, await shop.admin.delete(`${at}/${sku}`));
    expectStatus(200, await shop.admin.post(`${PRODUCTS}/${other.body.id}/variants`, { sku }));
    expect((await shop.admin.delete(`${at}/${sku}`)).body.code).toBe("variant-not-found");
  });

  test("gives up its slug with a change", async () => {
    const { body } = await make({ slug: "first-slug" });
    expectStatus(200, await shop.admin.put(`${PRODUCTS}/${body.id}/slug`, { slug: "second-slug" }));
    await make({ slug: "first-slug" });
    const back = await shop.admin.put(`${PRODUCTS}/${body.id}/slug`, { slug: "first-slug" });
    expect(back).toMatchObject({ status: 409, body: { code: "slug-taken", errors: [{ path: "slug" }] } });
  });

  test("keeps its SKU when many ask for it at once", async () => {
    const attempts = Array.from({ length: 40 }, (_, n) =>
      shop.admin.post(PRODUCTS, { title: `Race ${n}`, variants: [{ sku: "RACE" }] }),
    );
    const statuses = (await Promise.all(attempts)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(39);
  });
});

describe("a repeated request", () => {
  test("makes one product, at once, later, and after a restart", async () => {
    const [headers, body] = [key(), draft()];
    const [first, second] = await Promise.all([
      shop.admin.post(PRODUCTS, body, headers),
      shop.admin.post(PRODUCTS, body, headers),
    ]);
    expectStatus(201, first);
    expect(second.body).toEqual(first.body);
    const other = await shop.admin.post(PRODUCTS, { ...body, title: "Other" }, headers);
    expect(other).toMatchObject({ status: 422, body: { code: "idempotency-key-reused" } });
    shop = await shop.restart();
    expect((await shop.admin.post(PRODUCTS, body, headers)).body).toEqual(first.body);
  });

  test("is refused for ever when it was refused once", async () => {
    const { body } = await make();
    const [headers, second] = [key(), draft({ variants: [{ sku: body.variants[0].sku }] })];
    expect((await shop.admin.post(PRODUCTS, second, headers)).body.code).toBe("sku-taken");
    expectStatus(200, await shop.admin.delete(`${PRODUCTS}/${body.id}/variants/${body.variants[0].sku}`));
    expect((await shop.admin.post(PRODUCTS, second, headers)).body.code).toBe("sku-taken");
    expectStatus(201, await shop.admin.post(PRODUCTS, second, key()));
  });
});

describe("bad input", () => {
  test.each([
    ["an unknown field", { colour: "red" }, "colour"],
    ["no title", { title: undefined }, "title"],
    ["a bad SKU", { variants: [{ sku: "a/b" }] }, "variants.0.sku"],
    ["an unknown field of a variant", { variants: [{ sku: "ab", price: 1 }] }, "variants.0.price"],
    ["a bad slug", { slug: "A B" }, "slug"],
    ["a category that is no id", { categories: ["x"] }, "categories.0"],
    ["a category that is not there", { categories: [newId()] }, "categories.0"],
    ["an attribute with a dot", { attributes: { "a.b": 1 } }, "attributes.a.b"],
  ])("is refused: %s", async (_, over, path) => {
    const answer = await shop.admin.post(PRODUCTS, draft(over));
    expect(answer.status).toBe(422);
    expect(answer.body.errors.map((error: { path: string }) => error.path)).toContain(path);
  });

  test("of an empty change, an unknown product, a query", async () => {
    const { body } = await make();
    expect((await shop.admin.patch(`${PRODUCTS}/${body.id}`, {})).status).toBe(422);
    expect((await shop.admin.get(`${PRODUCTS}/${newId()}`)).body.code).toBe("product-not-found");
    expect((await shop.admin.patch(`${PRODUCTS}/${newId()}`, { title: "T" })).status).toBe(404);
    expect((await shop.admin.get(`${PRODUCTS}/nonsense`)).status).toBe(404);
    expect((await shop.admin.get(`${PRODUCTS}?stauts=draft`)).status).toBe(400);
  });
});

describe("the list", () => {
  test("finds by words, status and SKU, page by page", async () => {
    for (const n of [3, 1, 2])
      await make({ title: `Étagère ${n}`, slug: `shelf-${n}`, variants: [{ sku: `SHELF${n}` }] });
    const { body: fresh } = await make({ title: "Étagère 4" });
    const token = seen(await shop.admin.post(`${PRODUCTS}/${fresh.id}/publish`));
    const first = await shop.admin.get(`${PRODUCTS}?q=etag&limit=3`, { headers: token });
    expect(first.body).toMatchObject({
      total: 4,
      items: [{ slug: "shelf-1" }, { slug: "shelf-2" }, { slug: "shelf-3" }],
    });
    const rest = await shop.admin.get(`${PRODUCTS}?q=etag&limit=3&cursor=${first.body.nextCursor}`);
    expect(rest.body).toMatchObject({ items: [{ id: fresh.id }], nextCursor: null });
    expect((await shop.admin.get(`${PRODUCTS}?q=etag&status=published`)).body.total).toBe(1);
    expect((await shop.admin.get(`${PRODUCTS}?sku=SHELF2`)).body.items[0].slug).toBe("shelf-2");
  });
});

describe("keys", () => {
  test("open what their roles say", async () => {
    await shop.keys.put("mk_catalogue-only-0123456789", "cat", ["catalogue"]);
    const catalogue = shop.anyone.with({ "X-API-Key": "mk_catalogue-only-0123456789" });
    expect((await catalogue.post(PRODUCTS, draft())).status).toBe(201);
    const refused = await catalogue.post("/admin/v1/stock/main/L-1/receipts", { quantity: 1 });
    expect(refused).toMatchObject({ status: 403, body: { code: "role-required", required: ["stock", "integrator"] } });
    expect((await shop.anyone.get(PRODUCTS)).status).toBe(401);
  });
});

describe("categories", () => {
  const CATEGORIES = "/admin/v1/categories";
  const category = async (slug: string, parentId: string | null = null) =>
    expectStatus(201, await shop.admin.post(CATEGORIES, { name: slug.toUpperCase(), slug, parentId })).body.id;

  test("make a tree that can be changed, and never close a ring", async () => {
    const [home, garden] = [await category("home"), await category("garden")];
    const lamps = await category("lamps", home);
    const small = await category("small-lamps", lamps);
    expect((await shop.admin.post(CATEGORIES, { name: "X", slug: "home" })).body.code).toBe("slug-taken");
    expect((await shop.admin.post(CATEGORIES, { name: "X", slug: "x", parentId: newId() })).body.errors[0].path).toBe(
      "parentId",
    );
    expectStatus(200, await shop.admin.post(`${CATEGORIES}/${lamps}/move`, { parentId: garden, position: 2 }));
    expect((await shop.admin.post(`${CATEGORIES}/${garden}/move`, { parentId: small })).body.code).toBe(
      "category-cycle",
    );
    expectStatus(200, await shop.admin.patch(`${CATEGORIES}/${lamps}`, { name: "Lamps & lanterns" }));
    expectStatus(200, await shop.admin.put(`${CATEGORIES}/${lamps}/slug`, { slug: "lights" }));

    const { body } = await shop.admin.get(CATEGORIES);
    expect(body.items).toMatchObject([
      { slug: "garden", children: [{ slug: "lights", name: "Lamps & lanterns", children: [{ slug: "small-lamps" }] }] },
      { slug: "home", children: [] },
    ]);
    expect((await shop.admin.delete(`${CATEGORIES}/${lamps}`)).body.code).toBe("category-not-empty");
    expectStatus(204, await shop.admin.delete(`${CATEGORIES}/${small}`));
    expectStatus(204, await shop.admin.delete(`${CATEGORIES}/${lamps}`));
    expect((await shop.admin.get(`${CATEGORIES}/${lamps}`)).status).toBe(404);
    await category("lights");
    await make({ categories: [home] });
  });
});
