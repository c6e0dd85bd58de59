import { z } from "zod";
import { cursor, flag, limit, ok, openApiDocument, type OpenApi, route, type Route } from "../../../../src/api/http";
import { exampleOf } from "../../../../src/api/http/openapi-example";
import { countryCode, currencyCode, quantity, sku } from "../../../../src/domains/kernel";

const money = z.object({ amount: z.string(), currency: currencyCode }).meta({ id: "Money" });
const line = z.object({ id: z.string(), sku, quantity, total: money }).meta({ id: "Line" });
const settled = z.object({ at: z.iso.datetime(), note: z.string().default("") }).meta({ id: "Settled" });
const branch: z.ZodType = z
  .object({
    name: z.string(),
    get children() {
      return z.array(branch);
    },
  })
  .meta({ id: "Branch" });
const nameless: z.ZodType = z.object({
  name: z.string(),
  get children() {
    return z.array(nameless);
  },
});

const base = { tags: ["Shop"], summary: "Something", handler: () => ok({} as never) } as const;
const routes: readonly Route[] = [
  route({
    ...base,
    method: "GET",
    path: "/carts",
    operationId: "listCarts",
    security: { roles: ["support"], openOnLoopback: true },
    query: z.strictObject({
      limit: limit(20, 100),
      inStock: flag().optional(),
      cursor: cursor(z.tuple([z.string()])).optional(),
      country: countryCode.describe("Where to"),
    }),
    responses: { 200: { description: "Some", schema: z.object({ items: z.array(line), total: money.nullable() }) } },
  }),
  route({
    ...base,
    method: "POST",
    path: "/carts/:cartId/items",
    operationId: "addItem",
    security: "shopper",
    params: z.strictObject({ cartId: z.uuid() }),
    body: z.strictObject({ sku, quantity, tip: money.optional(), settled }),
    headers: z.object({ "x-till": z.string().optional() }),
    heeds: ["Idempotency-Key", "If-Match", "Prefer"],
    refusals: { "out-of-stock": 409, "unknown-sku": 422 },
    responses: {
      200: { description: "The line", schema: line },
      201: { description: "The line, new", schema: settled },
    },
  }),
  route({
    ...base,
    method: "GET",
    path: "/trees/:a/and/:b",
    operationId: "getTrees",
    security: "public",
    responses: {
      200: { description: "Trees", schema: z.object({ named: branch, nameless: z.array(nameless) }) },
      202: { description: "A tree", schema: nameless },
    },
  }),
  route({
    ...base,
    method: "GET",
    path: "/feed",
    operationId: "readFeed",
    security: "optional-shopper",
    responses: { 200: { description: "Rows", mediaType: "application/x-ndjson" } },
  }),
];
const document = openApiDocument(routes, { version: "7" });

/** Every object in a JSON value, with where it is. */
function* objects(value: unknown, at = ""): Generator<readonly [at: string, object: Record<string, unknown>]> {
  if (value === null || typeof value !== "object") return;
  if (!Array.isArray(value)) yield [at, value as Record<string, unknown>];
  for (const [key, entry] of Object.entries(value)) yield* objects(entry, `${at}/${key}`);
}

const resolve = (reference: string, whole: OpenApi): unknown =>
  reference
    .slice(2)
    .split("/")
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], whole);

function parameter(operation: string, name: string) {
  const all = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  return all.find(({ operationId }) => operationId === operation)?.parameters.find((each) => each.name === name);
}

describe("the document's form", () => {
  test("is OpenAPI 3.1", () => {
    expect(document.openapi).toBe("3.1.0");
    expect(document.info).toMatchObject({ title: "Millrace", version: "7" });
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
    expect(Object.keys(document.paths)).toEqual(["/carts", "/carts/{cartId}/items", "/trees/{a}/and/{b}", "/feed"]);
    for (const [path, methods] of Object.entries(document.paths))
      for (const [method, operation] of Object.entries(methods)) {
        expect(["get", "post", "put", "patch", "delete"]).toContain(method);
        const inPath = operation.parameters.filter((each) => each.in === "path");
        expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
        expect(inPath.every(({ required }) => required)).toBe(true);
        expect(new Set(operation.parameters.map((each) => `${each.in} ${each.name}`)).size).toBe(
          operation.parameters.length,
        );
        for (const status of Object.keys(operation.responses)) expect(status).toMatch(/^[2-5]\d\d$/);
        for (const scheme of operation.security.flatMap((each) => Object.keys(each)))
          expect(document.components.securitySchemes).toHaveProperty([scheme]);
        for (const tag of operation.tags) expect(document.tags).toContainEqual({ name: tag });
      }
    for (const part of Object.values(document.components))
      for (const name of Object.keys(part)) expect(name).toMatch(/^[\w.-]+$/);
  });

  test("every reference leads somewhere", () => {
    const references = [...objects(document)].flatMap(([at, { $ref }]) =>
      typeof $ref === "string" ? [{ at, $ref }] : [],
    );
    expect(references.length).toBeGreaterThan(20);
    expect(references.filter(({ $ref }) => resolve($ref, document) === undefined)).toEqual([]);
  });

  test("operations have names of their own", () => {
    const [first] = routes;
    expect(() => openApiDocument([...routes, ...(first ? [first] : [])])).toThrow("two routes are called listCarts");
  });
});

describe("schemas", () => {
  const { schemas } = document.components;

  test("none that has a name is lost, none is made up", () => {
    expect(Object.keys(schemas)).toEqual([
      "Branch",
      "GetTreesAnswer",
      "GetTreesAnswerPart0",
      "Line",
      "Money",
      "Problem",
      "Settled",
      "SettledOutput",
    ]);
    expect(schemas["Line"]).toMatchObject({
      properties: { total: { $ref: "#/components/schemas/Money" }, quantity: { minimum: 1, maximum: 1_000_000 } },
    });
  });

  test("what is sent and what is answered are told apart only where they differ", () => {
    expect(schemas["Settled"]).toMatchObject({ required: ["at"] });
    expect(schemas["SettledOutput"]).toMatchObject({ required: ["at", "note"] });
  });

  test("one that contains itself refers to itself", () => {
    for (const name of ["Branch", "GetTreesAnswer"])
      expect(schemas[name]).toMatchObject({
        properties: { children: { items: { $ref: `#/components/schemas/${name}` } } },
      });
  });

  test("answers may get more fields, commands may not", () => {
    expect(schemas["Line"]).not.toHaveProperty("additionalProperties");
    const body = document.paths["/carts/{cartId}/items"]?.["post"]?.requestBody;
    expect(body).toMatchObject({
      required: true,
      content: {
        "application/json": { schema: { additionalProperties: false, required: ["sku", "quantity", "settled"] } },
      },
    });
  });

  test("formats stand without the patterns that they imply, whole numbers without empty bounds", () => {
    const found = [...objects(document)].filter(
      ([, { format, pattern }]) => format !== undefined && pattern !== undefined,
    );
    expect(found).toEqual([]);
    expect(JSON.stringify(document)).not.toContain(String(Number.MAX_SAFE_INTEGER));
  });

  test("two of one name that differ are both kept", () => {
    const other = z.object({ cents: z.int() }).meta({ id: "Money" });
    const both = openApiDocument([
      ...routes,
      route({
        ...base,
        method: "GET",
        path: "/other",
        operationId: "other",
        security: "public",
        responses: { 200: { description: "Other", schema: z.object({ other }) } },
      }),
    ]);
    expect(both.components.schemas["Money"]).toHaveProperty(["properties", "amount"]);
    expect(both.components.schemas["MoneyOutput"]).toHaveProperty(["properties", "cents"]);
  });
});

describe("parameters", () => {
  test("say what the text means", () => {
    expect(parameter("listCarts", "limit")).toEqual({
      name: "limit",
      in: "query",
      required: false,
      schema: { type: "integer", minimum: 1, maximum: 100, default: 20 },
    });
    expect(parameter("listCarts", "inStock")).toMatchObject({ required: false, schema: { type: "boolean" } });
    expect(parameter("listCarts", "cursor")).toMatchObject({ required: false, schema: { type: "string" } });
    expect(parameter("listCarts", "country")).toMatchObject({
      required: true,
      description: "Where to",
      schema: { type: "string", pattern: "^[A-Z]{2}$" },
    });
    expect(parameter("addItem", "cartId")).toMatchObject({ in: "path", schema: { type: "string", format: "uuid" } });
  });

  test("the standard headers are those that the route heeds", () => {
    const headers = (path: string, method: string) =>
      document.paths[path]?.[method]?.parameters.filter((each) => each.in === "header").map(({ name }) => name);
    expect(headers("/carts/{cartId}/items", "post")).toEqual(["x-till", "Idempotency-Key", "If-Match", "Prefer"]);
    expect(headers("/carts", "get")).toEqual(["If-None-Match", "Consistency-Token"]);
  });
});

describe("answers", () => {
  const add = document.paths["/carts/{cartId}/items"]?.["post"];

  test("of success have their headers", () => {
    expect(Object.keys((add?.responses[201] as { headers: object }).headers)).toEqual([
      "Location",
      "ETag",
      "Consistency-Token",
      "Preference-Applied",
    ]);
    expect(document.paths["/carts"]?.["get"]?.responses).toHaveProperty("304");
    expect(document.paths["/feed"]?.["get"]?.responses[200]).toMatchObject({ content: { "application/x-ndjson": {} } });
  });

  test("of refusal name their codes and types", () => {
    const response = (status: number) =>
      resolve((add?.responses[status] as { $ref: string }).$ref, document) as { description: string };
    expect(response(409)).toMatchObject({
      content: {
        "application/problem+json": {
          schema: {
            allOf: [{ $ref: "#/components/schemas/Problem" }],
            properties: {
              code: { enum: ["contention", "out-of-stock"] },
              type: {
                enum: ["https://millrace.dev/problems/contention", "https://millrace.dev/problems/out-of-stock"],
              },
            },
          },
        },
      },
    });
    expect(response(422).description).toContain("`unknown-sku`");
    expect(response(401).description).toContain("`shopper-token-required`");
    expect(Object.keys(add?.responses ?? {})).toEqual(
      "200 201 400 401 403 404 406 409 412 413 415 422 500 503 504".split(" "),
    );
  });
});

test("examples are accepted by the schemas that they are made from", () => {
  for (const { operationId, body } of routes) {
    const all = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    const schema = all.find((each) => each.operationId === operationId)?.requestBody?.content["application/json"]
      ?.schema;
    if (!body || !schema) continue;
    const example = exampleOf(schema, document.components.schemas);
    expect([operationId, example, body.safeParse(example).error?.issues]).toEqual([operationId, example, undefined]);
  }
});
