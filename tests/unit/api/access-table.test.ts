import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { accessMarkdown, accessOf, documentationRoutes, openApiDocument } from "../../../src/api/http";
import { describedRoutes } from "../../../src/engine/routes";

/* The table of routes and roles in docs/access.md follows from the routes: `npm run docs:access` writes it. */

const FILE = join(__dirname, "../../../docs/access.md");
const shop = Object.values(describedRoutes()).flat();
const routes = [...shop, ...documentationRoutes(shop)];

test("docs/access.md has the table as the routes have it", () => {
  const text = readFileSync(FILE, "utf8");
  const whole = text.replace(/(?<=<!-- access -->\n)[\s\S]*(?=<!-- \/access -->)/, `\n${accessMarkdown(routes)}\n`);
  if (process.env["MILLRACE_WRITE_DOCS"]) writeFileSync(FILE, whole);
  else expect(text).toBe(whole);
});

test("OpenAPI says of each operation who may call it", () => {
  const { paths } = openApiDocument(routes);
  for (const route of routes) {
    const operation = paths[route.path.replace(/:(\w+)/g, "{$1}")]?.[route.method.toLowerCase()];
    const { anyone, roles } = accessOf(route.security);
    expect([route.operationId, operation?.["x-roles"]]).toEqual([
      route.operationId,
      anyone === true ? undefined : roles,
    ]);
  }
});

test("what changes something needs a role, but for opening a cart", () => {
  const open = routes.filter(({ method, security }) => method !== "GET" && accessOf(security).anyone === true);
  expect(open.map(({ operationId }) => operationId)).toEqual(["openCart"]);
});
