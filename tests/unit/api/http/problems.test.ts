import { z } from "zod";
import { conflict, currencyCode, invalid, notFound, quantity, sku } from "../../../../src/domains/kernel";
import { type Listening, ok, route } from "../../../../src/api/http";
import { ADMIN_KEY, keptLog, serve, SHOPPER, STOCK_KEY, tokens } from "./support";

const addItem = route({
  method: "POST",
  path: "/store/v1/carts/:cartId/items",
  operationId: "addItem",
  summary: "Adds an article",
  tags: ["carts"],
  security: "shopper",
  params: z.strictObject({ cartId: z.uuid() }),
  body: z.strictObject({
    sku,
    quantity,
    currency: currencyCode.optional(),
    gifts: z.array(z.strictObject({ sku, note: z.string().max(10) })).optional(),
    attributes: z.record(z.string(), z.string()).optional(),
    media: z
      .discriminatedUnion("kind", [
        z.strictObject({ kind: z.literal("image"), width: z.int() }),
        z.strictObject({ kind: z.literal("video") }),
      ])
      .optional(),
    size: z.union([z.string(), z.int()]).optional(),
  }),
  responses: { 200: { description: "The line", schema: z.object({ cartId: z.string(), quantity: z.int() }) } },
  handler: ({ params, body }) => ok({ cartId: params.cartId, quantity: body.quantity }),
});

const unavailableError = Object.assign(new Error("connect ECONNREFUSED"), { name: "MongoServerSelectionError" });
const outcomes: Readonly<Record<string, () => unknown>> = {
  "out-of-stock": () => conflict("out-of-stock", "Only 2 are left.", { sku: "A", available: 2, status: "hidden" }),
  "unknown-sku": () => invalid("unknown-sku", "There is no such SKU.", { field: "sku" }),
  "cart-not-found": () => notFound("cart-not-found", "There is no such cart."),
  "stale-revision": () => conflict("stale-revision", "It was changed since.", { expected: 1, actual: 2 }),
  reused: () => conflict("idempotency-key-reused", "The key was used for another request."),
  boom: () => {
    throw new TypeError("secret inside /srv/db");
  },
  "boom-later": () => Promise.reject(new TypeError("secret inside /srv/db")),
  down: () => Promise.reject(unavailableError),
};
const outcome = route({
  method: "GET",
  path: "/outcomes/:name",
  operationId: "outcome",
  summary: "Ends in some way",
  tags: [],
  security: "public",
  query: z.strictObject({ limit: z.string().optional() }),
  responses: { 200: { description: "never" } },
  handler: ({ params }) => outcomes[params.name]?.() as never,
});

const admin = route({
  method: "PUT",
  path: "/admin/v1/products/:id",
  operationId: "admin",
  summary: "Needs a role",
  tags: [],
  security: { roles: ["catalogue", "support"] },
  responses: { 200: { description: "Who" } },
  handler: ({ principal, actor }) => ok({ principal, actor }),
});

const openCart = route({
  method: "POST",
  path: "/store/v1/carts",
  operationId: "openCart",
  summary: "With a shopper's token or without",
  tags: [],
  security: "optional-shopper",
  responses: { 200: { description: "Who" } },
  handler: ({ actor }) => ok({ actor }),
});

const { log, lines } = keptLog();
let shop: Listening;
beforeAll(async () => (shop = await serve([addItem, outcome, admin, openCart], { log })));
afterAll(() => shop.close());

const CART = "6f1d3c1e-52a4-4f4b-9b3a-6d8a2f0c7e11";
interface Ask {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}
async function ask({ path = `/store/v1/carts/${CART}/items`, method = "POST", headers = {}, body }: Ask) {
  const answer = await fetch(shop.url + path, {
    method,
    headers: { authorization: `Bearer ${tokens.issue(SHOPPER)}`, "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: body as string }),
  });
  const problem = (await answer.json().catch(() => undefined)) as Record<string, unknown> & {
    errors?: { path: string; message: string; received?: unknown }[];
  };
  return { status: answer.status, headers: answer.headers, problem };
}
const post = (body: unknown) => ask({ body: typeof body === "string" ? body : JSON.stringify(body) });

test("a good request is answered", async () => {
  const { status, problem } = await post({ sku: "85123A", quantity: 2 });
  expect([status, problem]).toEqual([200, { cartId: CART, quantity: 2 }]);
});

describe("fields of the body, 422", () => {
  const good = { sku: "85123A", quantity: 1 };
  test.each<[name: string, body: unknown, path: string, message: string, received?: unknown]>([
    ["quantity 0", { ...good, quantity: 0 }, "quantity", "must be at least 1", 0],
    ["quantity -1", { ...good, quantity: -1 }, "quantity", "must be at least 1", -1],
    ["quantity 1e9", { ...good, quantity: 1e9 }, "quantity", "must be at most 1000000", 1e9],
    ["quantity 1.5", { ...good, quantity: 1.5 }, "quantity", "must be a whole number, not 1.5", 1.5],
    ['quantity "3"', { ...good, quantity: "3" }, "quantity", "must be a number, not text", "3"],
    ["quantity null", { ...good, quantity: null }, "quantity", "must be a number, not null", null],
    [
      "quantity beyond doubles",
      '{"sku":"A","quantity":1e400}',
      "quantity",
      "must be a number, not so large a number",
      "Infinity",
    ],
    ["quantity missing", { sku: "A" }, "quantity", "is required"],
    ["unknown field", { ...good, colour: "red" }, "colour", "is not a known field"],
    [
      "unknown field further in",
      {
        ...good,
        gifts: [
          { sku: "A", note: "" },
          { sku: "B", note: "", x: 1 },
        ],
      },
      "gifts.1.x",
      "is not a known field",
    ],
    [
      "text too long",
      { ...good, gifts: [{ sku: "A", note: "12345678901" }] },
      "gifts.0.note",
      "must have at most 10 characters",
      "12345678901",
    ],
    [
      "own message of a schema",
      { ...good, currency: "euro" },
      "currency",
      "must be an ISO 4217 code such as EUR",
      "euro",
    ],
    [
      "no alternative of a kind",
      { ...good, media: { kind: "audio" } },
      "media.kind",
      'must be one of "image", "video"',
      "audio",
    ],
    ["the alternative meant", { ...good, media: { kind: "image" } }, "media.width", "is required"],
    ["neither of two types", { ...good, size: true }, "size", "must be text or a number, not true", true],
    ["a list for a body", [], "", "must be an object, not a list"],
    ["null for a body", "null", "", "must be an object, not null", null],
    ["__proto__", '{"sku":"A","quantity":1,"__proto__":{"admin":true}}', "__proto__", "is not a known field"],
    ["__proto__ in escapes", '{"sku":"A","quantity":1,"\\u005f_proto__":{}}', "__proto__", "is not a known field"],
    [
      "__proto__ in a free-form field",
      '{"sku":"A","quantity":1,"attributes":{"__proto__":"x"}}',
      "attributes.__proto__",
      "is not a known field",
    ],
    [
      "constructor.prototype",
      '{"sku":"A","quantity":1,"attributes":{"constructor":{"prototype":{}}}}',
      "attributes.constructor",
      "is not a known field",
    ],
  ])("%s", async (...[, body, path, message, received]) => {
    const { status, problem } = await post(body);
    expect(status).toBe(422);
    expect(problem).toMatchObject({
      type: "https://millrace.dev/problems/invalid-body",
      code: "invalid-body",
      status: 422,
    });
    expect(problem.errors).toContainEqual({
      path,
      in: "body",
      message,
      ...(received === undefined ? {} : { received }),
    });
  });

  test("every field at fault is named, in one sentence too", async () => {
    const { problem } = await post({ quantity: 0, x: 1 });
    expect(problem.errors?.map(({ path }) => path)).toEqual(["sku", "quantity", "x"]);
    expect(problem["detail"]).toBe('The body cannot be accepted: "sku" is required (and 2 more).');
  });

  test("a body nested without end", async () => {
    const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
    expect((await post(`{"sku":"A","quantity":1,"x__proto":${deep}}`)).status).toBe(422);
  });
});

describe("each refusal has its status and code", () => {
  const items = `/store/v1/carts/${CART}/items`;
  const big = JSON.stringify({ sku: "A", quantity: 1, filler: "x".repeat(1024 * 1024) });
  const good = JSON.stringify({ sku: "A", quantity: 1 });
  test.each<[name: string, ask: Ask, status: number, code: string]>([
    ["broken JSON", { body: '{"sku":' }, 400, "malformed-json"],
    ["not UTF-8", { body: Buffer.from([0x22, 0xff, 0x22]) }, 400, "malformed-json"],
    ["no body", {}, 400, "missing-body"],
    ["text", { body: good, headers: { "content-type": "text/plain" } }, 415, "unsupported-media-type"],
    [
      "form",
      { body: "a=b", headers: { "content-type": "application/x-www-form-urlencoded" } },
      415,
      "unsupported-media-type",
    ],
    [
      "another charset",
      { body: good, headers: { "content-type": "application/json; charset=latin1" } },
      415,
      "unsupported-media-type",
    ],
    ["packed body", { body: good, headers: { "content-encoding": "gzip" } }, 415, "unsupported-content-encoding"],
    ["over 1 MiB", { body: big }, 413, "body-too-large"],
    ["unknown route", { path: "/store/v1/nothing", method: "GET" }, 404, "unknown-route"],
    ["id that cannot be one", { path: "/store/v1/carts/7/items", body: good }, 404, "not-found"],
    ["% that escapes nothing", { path: "/store/v1/carts/%E0%A4%A/items", body: good }, 400, "malformed-url"],
    ["wrong method", { path: items, method: "DELETE" }, 405, "method-not-allowed"],
    ["not acceptable", { path: items, headers: { accept: "text/html" }, body: good }, 406, "not-acceptable"],
    ["no shopper token", { body: good, headers: { authorization: "" } }, 401, "shopper-token-required"],
    [
      "forged shopper token",
      { body: good, headers: { authorization: `Bearer ms_${"A".repeat(64)}` } },
      401,
      "invalid-shopper-token",
    ],
    [
      "no API key",
      { path: "/admin/v1/products/1", method: "PUT", headers: { authorization: "" } },
      401,
      "api-key-required",
    ],
    [
      "unknown API key",
      { path: "/admin/v1/products/1", method: "PUT", headers: { "x-api-key": "mk_nobody_0123456789" } },
      401,
      "invalid-api-key",
    ],
    [
      "lacking role",
      { path: "/admin/v1/products/1", method: "PUT", headers: { "x-api-key": STOCK_KEY } },
      403,
      "role-required",
    ],
    ["bad consistency token", { body: good, headers: { "consistency-token": "c1-!" } }, 400, "invalid-header"],
    ["bad idempotency key", { body: good, headers: { "idempotency-key": "x".repeat(256) } }, 400, "invalid-header"],
    ["If-Match that is no tag", { body: good, headers: { "if-match": "12" } }, 400, "invalid-header"],
    ["If-Match of no revision", { body: good, headers: { "if-match": '"abc"' } }, 412, "stale-revision"],
    ["unknown field in the query", { path: "/outcomes/x?lmit=3", method: "GET" }, 400, "invalid-query"],
    ["a conflict", { path: "/outcomes/out-of-stock", method: "GET" }, 409, "out-of-stock"],
    ["input that the domain judges", { path: "/outcomes/unknown-sku", method: "GET" }, 422, "unknown-sku"],
    ["not found", { path: "/outcomes/cart-not-found", method: "GET" }, 404, "cart-not-found"],
    ["stale revision", { path: "/outcomes/stale-revision", method: "GET" }, 412, "stale-revision"],
    ["key reused", { path: "/outcomes/reused", method: "GET" }, 422, "idempotency-key-reused"],
    ["unexpected", { path: "/outcomes/boom", method: "GET" }, 500, "internal-error"],
    ["unexpected, later", { path: "/outcomes/boom-later", method: "GET" }, 500, "internal-error"],
    ["store down", { path: "/outcomes/down", method: "GET" }, 503, "temporarily-unavailable"],
  ])("%s", async (_name, request, status, code) => {
    const { headers, problem, ...answer } = await ask(request);
    expect([answer.status, problem["code"]]).toEqual([status, code]);
    expect(headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(problem).toMatchObject({
      type: `https://millrace.dev/problems/${code}`,
      status,
      title: expect.any(String),
      detail: expect.any(String),
      correlationId: headers.get("x-correlation-id"),
    });
  });

  test("the headers that go with some", async () => {
    expect((await ask({ path: items, method: "DELETE" })).headers.get("allow")).toBe("POST, OPTIONS");
    expect((await ask({ path: "/outcomes/down", method: "GET" })).headers.get("retry-after")).toBe("2");
    const nobody = await ask({ path: "/admin/v1/products/1", method: "PUT", headers: { authorization: "" } });
    expect(nobody.headers.get("www-authenticate")).toBe('Bearer realm="millrace"');
  });

  test("the facts that go with some", async () => {
    const sold = await ask({ path: "/outcomes/out-of-stock", method: "GET" });
    expect(sold.problem).toMatchObject({
      title: "Out of stock",
      detail: "Only 2 are left.",
      sku: "A",
      available: 2,
      status: 409,
    });
    const unknown = await ask({ path: "/outcomes/unknown-sku", method: "GET" });
    expect(unknown.problem.errors).toEqual([{ path: "sku", message: "There is no such SKU." }]);
    const role = await ask({ path: "/admin/v1/products/1", method: "PUT", headers: { "x-api-key": STOCK_KEY } });
    expect(role.problem).toMatchObject({
      detail: "This needs the role catalogue or support.",
      required: ["catalogue", "support"],
    });
  });

  test("a body over 1 MiB without a stated length", async () => {
    const stream = new ReadableStream({
      pull(controller) {
        if (sent++ > 20) controller.close();
        else controller.enqueue(new Uint8Array(100_000).fill(0x20));
      },
    });
    let sent = 0;
    const answer = await fetch(shop.url + items, {
      method: "POST",
      headers: { authorization: `Bearer ${tokens.issue(SHOPPER)}`, "content-type": "application/json" },
      body: stream,
      duplex: "half",
    } as RequestInit);
    expect(answer.status).toBe(413);
  });

  test("the unexpected is logged with the correlation id and tells the caller nothing", async () => {
    lines.length = 0;
    const { problem } = await ask({ path: "/outcomes/boom", method: "GET", headers: { "x-correlation-id": "abc-1" } });
    expect(JSON.stringify(problem)).not.toMatch(/secret|srv/);
    expect(problem["correlationId"]).toBe("abc-1");
    expect(lines).toMatchObject([
      { level: "error", correlationId: "abc-1", err: { message: "secret inside /srv/db" } },
    ]);
  });
});

test("an API key in either header; admin has every role", async () => {
  for (const headers of [{ authorization: `Bearer ${ADMIN_KEY}` }, { "x-api-key": ADMIN_KEY }]) {
    const { status, problem } = await ask({ path: "/admin/v1/products/1", method: "PUT", headers });
    expect([status, problem]).toEqual([200, { principal: { name: "root", roles: ["admin"] }, actor: "key:root" }]);
  }
});

describe("a shopper's token that gets old", () => {
  const add = (token: string) =>
    ask({ headers: { authorization: `Bearer ${token}` }, body: JSON.stringify({ sku: "MUG", quantity: 1 }) });

  test("is refused once it has expired, with the reason", async () => {
    const { status, headers, problem } = await add(tokens.issue(SHOPPER, 0));
    expect([status, problem["code"]]).toEqual([401, "shopper-token-expired"]);
    expect(problem["detail"]).toBe("The shopper token expired at 1970-04-01T00:00:00.000Z.");
    expect(headers.get("www-authenticate")).toContain('error="invalid_token"');
    expect(headers.get("shopper-token")).toBeNull();
  });

  test("is followed by another in the answer while it is good; a young one is not", async () => {
    const [old, young] = [tokens.issue(SHOPPER, Date.now() - 30 * 86_400_000), tokens.issue(SHOPPER)];
    const renewed = (await add(old)).headers.get("shopper-token") ?? "";
    expect(renewed).not.toBe(old);
    expect(tokens.verify(renewed)).toEqual({ id: SHOPPER });
    expect((await add(young)).headers.get("shopper-token")).toBeNull();
  });
});

describe("a route that a shopper's token is optional on", () => {
  const open = (authorization: string) =>
    ask({ path: "/store/v1/carts", headers: { authorization } }).then(({ status, problem }) => [
      status,
      problem["code"] ?? problem["actor"],
    ]);
  test.each<[name: string, authorization: string, status: number, said: string]>([
    ["nothing", "", 200, "anonymous"],
    ["a shopper's token", `Bearer ${tokens.issue(SHOPPER)}`, 200, `shopper:${SHOPPER}`],
    ["an API key", `Bearer ${STOCK_KEY}`, 200, "anonymous"],
    ["a shopper's token that has expired", `Bearer ${tokens.issue(SHOPPER, 0)}`, 200, "anonymous"],
    ["a forged shopper token", `Bearer ms_${"A".repeat(64)}`, 401, "invalid-shopper-token"],
    ["an unknown key", "Bearer mk_nobody_0123456789", 401, "invalid-shopper-token"],
    ["anything else", "Bearer x", 401, "invalid-shopper-token"],
  ])("%s", async (_name, authorization, status, said) => {
    expect(await open(authorization)).toEqual([status, said]);
  });
});
