import { documentationRoutes, openApiDocument } from "../../../src/api/http";
import { documentationPage } from "../../../src/api/http/documentation-page";
import { exampleOf } from "../../../src/api/http/openapi-example";
import { describedRoutes } from "../../../src/engine/routes";

/* Every route of the shop, without anything behind it: what it says of itself must be right. */

const shop = Object.values(describedRoutes()).flat();
const routes = [...shop, ...documentationRoutes(shop)];
const document = openApiDocument(routes);
const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));

test("each operation stands once on the page, with a command to try", () => {
  const page = documentationPage(document, "http://127.0.0.1:8080");
  const sections = [...page.matchAll(/<section id="([^"]+)">/g)].map(([, id]) => id);
  const commands = [...page.matchAll(/<pre><code>(curl[^<]*)</g)].map(([, command = ""]) => command);
  expect(commands).toHaveLength(routes.length);
  expect(commands.filter((command) => /\/\{\w+\}/.test(command))).toEqual([]);
  expect(sections.filter((id, index) => sections.indexOf(id) !== index)).toEqual([]);
  expect(routes.filter(({ operationId }) => !sections.includes(operationId))).toEqual([]);
});

test("every schema of the document is used, and each name stands for one", () => {
  const used = new Set(
    [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name),
  );
  const names = Object.keys(document.components.schemas);
  expect(names.filter((name) => !used.has(name))).toEqual([]);
  expect(names.filter((name) => /(Input|Output)\d*$/.test(name))).toEqual([]);
});

test("each example of a body is one that the route takes", () => {
  const refused = routes.flatMap(({ operationId, body }) => {
    const operation = operations.find((each) => each.operationId === operationId);
    const schema = operation?.requestBody?.content["application/json"]?.schema;
    if (!body || !schema) return [];
    const example = exampleOf(schema, document.components.schemas);
    const issues = body.safeParse(example).error?.issues;
    return issues
      ? [{ operationId, example, issues: issues.map(({ path, message }) => `${path.join(".")}: ${message}`) }]
      : [];
  });
  expect(refused).toEqual([]);
});
