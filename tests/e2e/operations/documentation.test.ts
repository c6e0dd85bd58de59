import { type OpenApi } from "../../../src/api/http";
import { startTestShop, type TestShop } from "../../support/shop";

let shop: TestShop;
let document: OpenApi;
beforeAll(async () => {
  shop = await startTestShop();
  document = (await shop.anyone.get("/openapi.json")).body;
});
afterAll(() => shop.stop());

const operations = () => Object.values(document.paths).flatMap((methods) => Object.values(methods));

test("every route of the shop is in the document, under a name of its own", () => {
  const ids = operations().map(({ operationId }) => operationId);
  expect(ids.length).toBeGreaterThan(60);
  expect(new Set(ids).size).toBe(ids.length);
  for (const area of ["/store/v1/", "/admin/v1/", "/reference/v1/", "/analytics/v1/", "/operations/v1/", "/health/"])
    expect(Object.keys(document.paths).some((path) => path.startsWith(area))).toBe(true);
});

test("every reference in it leads somewhere, and every schema is used", () => {
  const text = JSON.stringify(document);
  const references = new Set(
    [...text.matchAll(/"\$ref":"#\/components\/(\w+)\/([^"]+)"/g)].map(([, a, b]) => `${a}/${b}`),
  );
  const components = new Set(
    (["schemas", "responses", "headers"] as const).flatMap((kind) =>
      Object.keys(document.components[kind]).map((name) => `${kind}/${name}`),
    ),
  );
  expect([...references].filter((each) => !components.has(each))).toEqual([]);
  expect([...components].filter((each) => !references.has(each))).toEqual([]);
});

test("two schemas that differ do not share a name", () => {
  expect(Object.keys(document.components.schemas).filter((name) => /(Input|Output)\d*$/.test(name))).toEqual([]);
});

test("the page shows every operation, and each problem that one can end in is explained", async () => {
  const { body } = await shop.anyone.get("/docs", { headers: { Accept: "text/html" } });
  const shown = (id: string) => body.includes(`<section id="${id}">`);
  expect(operations().filter(({ operationId }) => !shown(operationId))).toEqual([]);
  const codes = new Set(
    [...JSON.stringify(document).matchAll(/millrace\.dev\/problems\/([a-z-]+)/g)].map(([, code]) => code),
  );
  const problems: string = (await shop.anyone.get("/problems")).body;
  expect([...codes].filter((code) => !problems.includes(`<section id="${code ?? ""}">`))).toEqual([]);
});

test("the shop is ready, and every part of it follows the log", async () => {
  expect((await shop.anyone.get("/health/live")).status).toBe(200);
  expect((await shop.anyone.get("/health/ready")).status).toBe(200);
  const { body } = await shop.anyone.get("/operations/v1/projections");
  expect(body.items.length).toBeGreaterThan(15);
  for (const item of body.items) expect(item).toMatchObject({ state: "live", error: null });
});
