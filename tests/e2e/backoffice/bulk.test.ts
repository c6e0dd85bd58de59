import { newId } from "../../../src/infra/runtime";
import { after } from "../../support/consistency";
import { startTestShop, type TestShop } from "../../support/shop";
import { expectStatus } from "../../support/shopper";

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop();
});
afterAll(() => shop.stop());

const BULK = "/admin/v1/bulk";
const article = (n: number) => ({ title: `Bulk ${n}`, variants: [{ sku: `BULK-${n}` }] });

describe("bulk forms", () => {
  test("take hundreds of products, prices and receipts, and a repeat changes nothing", async () => {
    const numbers = Array.from({ length: 250 }, (_, n) => n);
    const send = async (form: string, entries: object[]) => {
      const key = { "Idempotency-Key": newId() };
      const first = expectStatus(200, await shop.admin.post(`${BULK}/${form}`, { entries }, key));
      expect(first.body).toMatchObject({ accepted: 250, refused: 0 });
      const again = expectStatus(200, await shop.admin.post(`${BULK}/${form}`, { entries }, key));
      expect(again.body).toEqual(first.body);
      return first;
    };
    const products = await send("products", numbers.map(article));
    const token = after(products);
    expect((await shop.admin.get("/admin/v1/products?q=bulk&limit=1", token)).body.total).toBe(250);
    await send("prices", numbers.map((n) => ({ sku: `BULK-${n}`, currency: "GBP", amount: `${n}.99` }))); // prettier-ignore
    await send("stock", numbers.map((n) => ({ sku: `BULK-${n}`, quantity: n + 1 }))); // prettier-ignore
    const ids = products.body.results.map(({ id }: { id: string }) => id);
    const published = await send("products", ids.map((id: string) => ({ op: "publish", id }))); // prettier-ignore
    const later = after(published);
    const { body } = await shop.anyone.get("/store/v1/products?inStock=true&limit=1&q=bulk", later);
    expect(body.total).toBe(250);
  });

  test("answer each entry for itself, in its place", async () => {
    const first = expectStatus(201, await shop.admin.post("/admin/v1/products", { title: "One", variants: [{ sku: "ONE" }] })); // prettier-ignore
    const { id } = first.body;
    const { body } = expectStatus(
      200,
      await shop.admin.post(`${BULK}/products`, {
        entries: [
          { title: "Two", variants: [{ sku: "ONE" }] },
          { title: "Three", variants: [{ sku: "THREE" }] },
          { op: "revise", id, title: "Uno" },
          { op: "publish", id: newId() },
          { title: "Four", colour: "red" },
          { op: "add-variant", id, sku: "ONE-B" },
          { op: "publish", id },
          "nonsense",
        ],
      }),
    );
    expect(body).toMatchObject({ accepted: 4, refused: 4 });
    expect(body.results).toMatchObject([
      { index: 0, status: "refused", problem: { status: 409, code: "sku-taken", sku: "ONE", productId: id } },
      { index: 1, status: "accepted", revision: 0 },
      { index: 2, status: "accepted", id, revision: 1 },
      { index: 3, status: "refused", problem: { status: 404, code: "product-not-found" } },
      { index: 4, status: "refused", problem: { status: 422, errors: [{ path: "entries.4.colour" }] } },
      { index: 5, status: "accepted", id, sku: "ONE-B", revision: 2 },
      { index: 6, status: "accepted", id, revision: 3 },
      { index: 7, status: "refused", problem: { status: 422 } },
    ]);
  });

  test("refuse unknown SKUs, currencies and quantities entry by entry", async () => {
    await shop.admin.post("/admin/v1/products", { title: "P", variants: [{ sku: "P" }] });
    const price = { sku: "P", currency: "GBP", amount: "1" };
    const prices = await shop.admin.post(`${BULK}/prices`, {
      entries: [{ ...price, sku: "NOPE" }, { ...price, currency: "XYZ" }, price, { ...price, amount: 1 }],
    });
    expect(prices.body.results).toMatchObject([
      { problem: { code: "sku-not-found" } },
      { problem: { code: "currency-not-found", errors: [{ path: "currency" }] } },
      { status: "accepted", sku: "P", revision: 0 },
      { problem: { errors: [{ path: "entries.3.amount" }] } },
    ]);
    const quantities = [0, -1, 1e9, 1.5, "3"];
    const entries = quantities.map((quantity) => ({ sku: "P", quantity }));
    const stock = await shop.admin.post(`${BULK}/stock`, {
      entries: [...entries, { op: "adjust", sku: "P", delta: 5, reason: "found" }, { sku: "P", quantity: 2 }],
    });
    for (const [index] of quantities.entries()) {
      expect(stock.body.results[index].problem.errors[0].path).toBe(`entries.${index}.quantity`);
    }
    expect(stock.body.results.slice(5)).toMatchObject([{ revision: 0 }, { revision: 1 }]);
  });

  test("refuse another body under the same key", async () => {
    const key = { "Idempotency-Key": newId() };
    expectStatus(200, await shop.admin.post(`${BULK}/products`, { entries: [article(5_001)] }, key));
    const other = await shop.admin.post(`${BULK}/products`, { entries: [article(5_002)] }, key);
    expect(other).toMatchObject({ status: 422, body: { code: "idempotency-key-reused" } });
    expectStatus(404, await shop.admin.get("/admin/v1/streams/claim/sku:BULK-5002"));
  });

  test("take more than other bodies, but not without end", async () => {
    const long = { ...article(6_001), description: "x".repeat(19_000) };
    const entries = Array.from({ length: 100 }, (_, n) => ({ ...long, title: `Long ${n}`, variants: [] }));
    expect((await shop.admin.post(`${BULK}/products`, { entries })).body.accepted).toBe(100);
    const most = Array(1_000).fill({ sku: "NOPE", quantity: 1 });
    expect((await shop.admin.post(`${BULK}/stock`, { entries: most })).body).toMatchObject({
      accepted: 0,
      refused: 1_000,
    });
    expectStatus(422, await shop.admin.post(`${BULK}/products`, { entries: [] }));
    expectStatus(422, await shop.admin.post(`${BULK}/products`, { entries: Array(1_001).fill({}) }));
    expectStatus(422, await shop.admin.post(`${BULK}/products`, { entries: [{}], mode: "fast" }));
    expectStatus(413, await shop.admin.post(`${BULK}/products`, JSON.stringify({ x: "x".repeat(9_000_000) })));
  });
});
