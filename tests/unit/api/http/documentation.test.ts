import { createHash } from "node:crypto";
import { z } from "zod";
import { documentationRoutes, type Listening, ok, route } from "../../../../src/api/http";
import { serve } from "./support";

const addItem = route({
  method: "POST",
  path: "/store/v1/carts/:cartId/items",
  operationId: "addItem",
  summary: "Adds an article <b>& more</b>",
  tags: ["Carts"],
  security: "shopper",
  params: z.strictObject({ cartId: z.uuid() }),
  body: z.strictObject({ sku: z.string(), note: z.string().describe("Say `hello`").optional() }),
  refusals: { "out-of-stock": 409 },
  responses: { 200: { description: "Done", schema: z.object({ id: z.string() }).meta({ id: "Line" }) } },
  handler: () => ok({ id: "1" }),
});

let shop: Listening;
beforeAll(async () => (shop = await serve([addItem, ...documentationRoutes([addItem])])));
afterAll(() => shop.close());

const get = (path: string, accept = "text/html") => fetch(shop.url + path, { headers: { accept } });

test("the document describes the routes and itself", async () => {
  const answer = await get("/openapi.json", "application/json");
  const document = (await answer.json()) as { paths: Record<string, unknown> };
  expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
  expect(Object.keys(document.paths)).toEqual([
    "/store/v1/carts/{cartId}/items",
    "/openapi.json",
    "/docs",
    "/problems",
    "/problems/{code}",
  ]);
  const again = await fetch(`${shop.url}/openapi.json`, {
    headers: { "if-none-match": answer.headers.get("etag") ?? "" },
  });
  expect(again.status).toBe(304);
});

describe.each(["/docs", "/problems", "/problems/out-of-stock"])("the page %s", (path) => {
  test("needs nothing from elsewhere, and may show itself in its own style", async () => {
    const answer = await get(path);
    const text = await answer.text();
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    const style = /<style>([^]*?)<\/style>/.exec(text)?.[1] ?? "";
    const hash = createHash("sha256").update(style).digest("base64");
    expect(answer.headers.get("content-security-policy")).toContain(`default-src 'none'; style-src 'sha256-${hash}'`);
    expect(text).not.toMatch(/<script|<link|<img|style="|src=|@import|url\(/);
    expect(text.match(/href="[^"#/][^"]*"/g)).toBeNull();
    expect(text).toMatch(/^<!doctype html>/);
  });

  test("every link within it leads somewhere", async () => {
    const text = await (await get(path)).text();
    const targets = [...text.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    const missing = targets.filter((id) => !text.includes(`id="${id ?? ""}"`));
    expect(missing).toEqual([]);
  });
});

test("the page shows each operation with what goes in, what comes out, and a command to try", async () => {
  const text = await (await get("/docs")).text();
  expect(text).toContain('<section id="addItem">');
  expect(text).toContain("Adds an article &lt;b&gt;&amp; more&lt;/b&gt;");
  expect(text).toContain("Say <code>hello</code>");
  expect(text).toContain('<a href="/problems/out-of-stock"><code>out-of-stock</code></a>');
  expect(text).toContain('<section id="schema-Line">');
  expect(text).toContain(`curl -X POST \\
  &quot;${shop.url}/store/v1/carts/$CART_ID/items&quot; \\
  -H &quot;Authorization: Bearer $SHOPPER_TOKEN&quot; \\
  -H &#39;Content-Type: application/json&#39; \\
  -d &#39;{&quot;sku&quot;:&quot;85123A&quot;}&#39;`);
  expect(text).toContain(`<pre><code>curl ${shop.url}/problems/stale-revision</code></pre>`);
});

test("a problem's page says where it comes up; one that nobody has is not there", async () => {
  const text = await (await get("/problems/out-of-stock")).text();
  expect(text).toContain("https://millrace.dev/problems/out-of-stock");
  expect(text).toContain('<a href="/docs#addItem"');
  expect((await get("/problems/never-heard-of")).status).toBe(404);
});
