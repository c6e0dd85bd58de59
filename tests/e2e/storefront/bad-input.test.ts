import { type Article, makeArticle } from "../../support/articles";
import { seen } from "../../support/consistency";
import { type Answer, type CallOptions } from "../../support/http";
import { startTestShop, type TestShop } from "../../support/shop";
import { ADDRESS, buy, expectStatus, openCart, type Shopper } from "../../support/shopper";

/** Bad input is refused with its status, a stable type and the path of the field at fault; nothing comes of it. */

let shop: TestShop;
let article: Article;
let shopper: Shopper;
let somebodyElse: Shopper;
let theirOrder: string;
let lineId: string;
let analystKey: string;

beforeAll(async () => {
  shop = await startTestShop();
  article = await makeArticle(shop.admin, { sku: "GOOD-1", stock: 100 });
  shopper = await openCart(shop.anyone);
  const added = await shopper.caller.post(`${shopper.cart}/items`, { sku: article.sku, quantity: 1 }, seen(article));
  lineId = expectStatus(200, added).body.lines[0].id;
  somebodyElse = await openCart(shop.anyone);
  const bought = await buy(shop.anyone, [{ sku: article.sku, quantity: 1 }]);
  theirOrder = bought.answer.body.id;
  analystKey = await shop.keys.create("analyst", ["analyst"]);
});
afterAll(() => shop.stop());

interface Expected {
  readonly status: number;
  readonly code: string;
  /** Of the field at fault; none is named when absent. */
  readonly path?: string;
  readonly in?: "body" | "query" | "header" | "path";
}

function expectProblem(answer: Answer, { status, code, path, in: place }: Expected): void {
  expect(answer).toMatchObject({
    status,
    body: { status, code, type: `https://millrace.dev/problems/${code}`, title: expect.any(String) },
  });
  expect(answer.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
  expect(answer.body.detail).toMatch(/^\S.*[.!]$/s);
  expect(JSON.stringify(answer.body)).not.toMatch(/node_modules|\bat \w+ \(/);
  const paths = (answer.body.errors ?? []).map((error: { path: string }) => error.path);
  if (path === undefined) expect(paths).toEqual([]);
  else expect(paths).toContain(path);
  if (place !== undefined) expect(answer.body.errors[0].in).toBe(place);
}

/** 422 for a field of the body that its schema refuses. */
const field = (path: string): Expected => ({ status: 422, code: "invalid-body", path, in: "body" });
const query = (path: string): Expected => ({ status: 400, code: "invalid-query", path, in: "query" });
const header = (path: string): Expected => ({ status: 400, code: "invalid-header", path, in: "header" });

const send = (method: "POST" | "PUT" | "PATCH" | "DELETE" | "GET", path: string, options: CallOptions = {}) =>
  shopper.caller.call(method, path.replace("CART", shopper.cart), options);

describe("a quantity", () => {
  const bad = [0, -1, 1e9, 1.5, "3", null, true, [], {}, "", 1_000_001, Number.MAX_SAFE_INTEGER];
  test.each(bad.map((quantity) => ({ quantity })))("of $quantity is refused", async ({ quantity }) => {
    const path = "quantity";
    expectProblem(await send("POST", "CART/items", { body: { sku: article.sku, quantity } }), field(path));
    expectProblem(await send("PATCH", `CART/items/${lineId}`, { body: { quantity } }), field(path));
    const receipt = await shop.admin.post(`/admin/v1/stock/main/${article.sku}/receipts`, { quantity });
    expectProblem(receipt, field(path));
  });

  test.each(["1e400", "-1e400", "1E9", "0.1e1x"])("written as %s is refused", async (text) => {
    const answer = await send("POST", "CART/items", { body: `{"sku":"GOOD-1","quantity":${text}}` });
    if (text.endsWith("x")) expectProblem(answer, { status: 400, code: "malformed-json" });
    else expectProblem(answer, field("quantity"));
  });

  test("that is missing is refused", async () => {
    expectProblem(await send("POST", "CART/items", { body: { sku: article.sku } }), field("quantity"));
    expectProblem(await send("PATCH", `CART/items/${lineId}`, { body: {} }), field("quantity"));
  });

  test("that comes to too many pieces on one line is refused", async () => {
    const much = { sku: article.sku, quantity: 1_000_000 };
    const answer = await send("POST", "CART/items", { body: much });
    expect(answer).toMatchObject({ status: 422, body: { code: "quantity-too-large" } });
  });
});

describe("a field", () => {
  test.each<[string, "POST" | "PUT" | "PATCH", string, unknown, Expected]>([
    ["an unknown SKU", "POST", "CART/items", { sku: "NO-SUCH", quantity: 1 }, { status: 422, code: "unknown-sku", path: "sku" }],
    ["a SKU with a slash", "POST", "CART/items", { sku: "A/B", quantity: 1 }, field("sku")],
    ["an empty SKU", "POST", "CART/items", { sku: "", quantity: 1 }, field("sku")],
    ["a SKU too long", "POST", "CART/items", { sku: "x".repeat(65), quantity: 1 }, field("sku")],
    ["a SKU as a number", "POST", "CART/items", { sku: 85123, quantity: 1 }, field("sku")],
    ["an unknown field", "POST", "CART/items", { sku: "GOOD-1", quantity: 1, price: "0.01" }, field("price")],
    ["an unknown currency", "POST", "/store/v1/carts", { currency: "ZZZ", country: "GB" }, { status: 422, code: "unknown-currency", path: "currency" }],
    ["a currency in lower case", "POST", "/store/v1/carts", { currency: "gbp" }, field("currency")],
    ["a currency too long", "POST", "/store/v1/carts", { currency: "POUND" }, field("currency")],
    ["no currency", "POST", "/store/v1/carts", { country: "GB" }, field("currency")],
    ["an unknown country", "POST", "/store/v1/carts", { currency: "GBP", country: "ZZ" }, { status: 422, code: "unknown-country", path: "country" }],
    ["a country by its name", "POST", "/store/v1/carts", { currency: "GBP", country: "Britain" }, field("country")],
    ["an owner of one's choice", "POST", "/store/v1/carts", { currency: "GBP", owner: "me" }, field("owner")],
    ["an unknown currency for the cart", "PUT", "CART/currency", { currency: "ZZZ" }, { status: 422, code: "unknown-currency", path: "currency" }],
    ["an unknown country for the cart", "PUT", "CART/country", { country: "ZZ" }, { status: 422, code: "unknown-country", path: "country" }],
    ["no e-mail address", "PUT", "CART/email", { email: "nobody" }, field("email")],
    ["an e-mail address with a line break", "PUT", "CART/email", { email: "a@example.org\nBcc: b@example.org" }, field("email")],
    ["an address without a city", "PUT", "CART/shipping-address", { ...ADDRESS, city: undefined }, field("city")],
    ["an address with a blank name", "PUT", "CART/shipping-address", { ...ADDRESS, name: " " }, field("name")],
    ["an address nowhere", "PUT", "CART/shipping-address", { ...ADDRESS, country: "ZZ" }, { status: 422, code: "unknown-country", path: "country" }],
    ["an address with more than that", "PUT", "CART/shipping-address", { ...ADDRESS, planet: "Earth" }, field("planet")],
    ["an unknown shipping method", "PUT", "CART/shipping-method", { id: "pigeon" }, { status: 422, code: "unknown-shipping-method", path: "id" }],
    ["an unknown payment method", "POST", "CART/checkout", { payment: { method: "gold", token: "tok_approve" } }, { status: 422, code: "unknown-payment-method", path: "payment.method" }],
    ["an unknown payment token", "POST", "CART/checkout", { payment: { method: "test", token: "gold" } }, { status: 422, code: "unknown-payment-token", path: "payment.token" }],
    ["a payment without a token", "POST", "CART/checkout", { payment: { method: "test" } }, field("payment.token")],
    ["a payment with an amount", "POST", "CART/checkout", { payment: { method: "test", token: "tok_approve", amount: "0.01" } }, field("payment.amount")],
    ["no payment", "POST", "CART/checkout", {}, field("payment")],
    ["a list", "POST", "CART/items", [], field("")],
    ["text", "POST", "CART/items", '"sku"', field("")],
    ["null", "POST", "CART/items", "null", field("")],
  ])("%s is refused", async (_, method, path, body, expected) => {
    expectProblem(await send(method, path, { body }), expected);
  }); // prettier-ignore

  test("each one at fault is named", async () => {
    const { body } = await send("POST", "CART/items", { body: { sku: "", quantity: 0, colour: "red" } });
    const paths = body.errors.map(({ path }: { path: string }) => path);
    expect([...new Set(paths)].sort()).toEqual(["colour", "quantity", "sku"]);
  });
});

describe("a body", () => {
  const items = "CART/items";
  const good = { sku: "GOOD-1", quantity: 1 };

  test.each([
    ["cut off", '{"sku":"GOOD-1",'],
    ["with a comma too many", '{"sku":"GOOD-1","quantity":1,}'],
    ["no JSON at all", "sku=GOOD-1&quantity=1"],
    ["two in one", '{"sku":"GOOD-1","quantity":1}{}'],
  ])("that is %s is malformed", async (_, body) => {
    expectProblem(await send("POST", items, { body }), { status: 400, code: "malformed-json" });
  });

  test("that is missing is asked for", async () => {
    expectProblem(await send("POST", items), { status: 400, code: "missing-body" });
  });

  test("over 1 MiB is too large, whether it says so or not", async () => {
    const body = JSON.stringify({ ...good, sku: "x".repeat(1024 * 1024) });
    expectProblem(await send("POST", items, { body }), { status: 413, code: "body-too-large" });
    const response = await fetch(shop.url + shopper.cart + "/items", {
      method: "POST",
      headers: { Authorization: `Bearer ${shopper.token}`, "Content-Type": "application/json" },
      body: new Blob([body]).stream(),
      duplex: "half",
    } as RequestInit);
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([413, "body-too-large"]);
  });

  test.each(["text/plain", "application/x-www-form-urlencoded", "application/xml", "application/json; charset=latin1"])(
    "of type %s is not read",
    async (type) => {
      const headers = { "Content-Type": type };
      expectProblem(await send("POST", items, { body: good, headers }), {
        status: 415,
        code: "unsupported-media-type",
      });
    },
  );

  test("that is packed is not read", async () => {
    const headers = { "Content-Encoding": "gzip" };
    const expected = { status: 415, code: "unsupported-content-encoding" };
    expectProblem(await send("POST", items, { body: good, headers }), expected);
  });

  test("nested without end is refused, quickly", async () => {
    for (const [open, close] of [
      ["[", "]"],
      ['{"a":', "}"],
    ] as const) {
      const deep = `${open.repeat(50_000)}1${close.repeat(50_000)}`;
      for (const body of [deep, `{"sku":"GOOD-1","quantity":1,"x":${deep}}`, `{"sku":${deep},"quantity":1}`]) {
        const since = Date.now();
        const answer = await send("POST", items, { body });
        expect(answer.status === 422 || answer.status === 400).toBe(true);
        expect(Date.now() - since).toBeLessThan(5_000);
      }
      const attributes = { body: `{"title":"Deep","attributes":{"x":${deep}}}` };
      const draft = await shop.admin.call("POST", "/admin/v1/products", attributes);
      expect([400, 422]).toContain(draft.status);
    }
  });

  test.each([
    ['{"sku":"GOOD-1","quantity":1,"__proto__":{"admin":true}}', "__proto__"],
    ['{"__proto__":{"sku":"GOOD-1","quantity":1}}', "__proto__"],
    ['{"sku":"GOOD-1","quantity":1,"constructor":{"prototype":{"admin":true}}}', "constructor"],
    ['{"sku":"GOOD-1","quantity":1,"constructor":1}', "constructor"],
    ['{"sku":"GOOD-1","quantity":1,"\\u005f_proto__":1}', "__proto__"],
    ['{"sku":"GOOD-1","quantity":1,"toString":1,"hasOwnProperty":1}', "toString"],
  ])("%s reaches for no prototype", async (body, path) => {
    expectProblem(await send("POST", items, { body }), field(path));
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
    expect(expectStatus(200, await shopper.caller.get(shopper.cart)).body.lines).toHaveLength(1);
  });

  test("prototypes deep inside attributes are refused", async () => {
    const body = '{"title":"Bad","attributes":{"a":{"__proto__":{"admin":true}}}}';
    const answer = await shop.admin.call("POST", "/admin/v1/products", { body });
    expectProblem(answer, field("attributes.a.__proto__"));
  });
});

describe("a query", () => {
  test.each([
    ["limit=0", "limit"],
    ["limit=1000", "limit"],
    ["limit=-1", "limit"],
    ["limit=1.5", "limit"],
    ["limit=", "limit"],
    ["limit=ten", "limit"],
    ["limit=5&limit=6", "limit"],
    ["offset=-1", "offset"],
    ["offset=1e9", "offset"],
    ["priceMin=cheap", "priceMin"],
    ["priceMin=-1", "priceMin"],
    ["priceMax=1e5", "priceMax"],
    ["priceMax=1,50", "priceMax"],
    ["priceMin=NaN", "priceMin"],
    ["inStock=yes", "inStock"],
    ["sort=random", "sort"],
    ["currency=pound", "currency"],
    ["cursor=nonsense", "cursor"],
    ["cursor=%00", "cursor"],
    [`cursor=${Buffer.from('["name",{"$gt":""},"x"]').toString("base64url")}`, "cursor"],
    [`cursor=${Buffer.from('["name","a","b"]').toString("base64url")}&sort=price`, "cursor"],
    [`cursor=${Buffer.from('["name","a","b"]').toString("base64url")}&offset=1`, "offset"],
    ["q[$ne]=x", "q[$ne]"],
    ["category[]=x", "category[]"],
    ["colour=red", "colour"],
    ["__proto__=1", "__proto__"],
    [`q=${"x".repeat(201)}`, "q"],
  ])("?%s is refused", async (text, path) => {
    expectProblem(await send("GET", `/store/v1/products?${text}`), query(path));
  });

  test.each([
    "q=.*",
    "q=%5B%5E",
    "q=(((((",
    "q=$where",
    "q=%F0%9F%A6%84",
    "q=%20",
    "category=../../etc",
    "category=%24gt",
  ])("?%s is taken as it is, and harms nothing", async (text) => {
    const { body } = expectStatus(200, await send("GET", `/store/v1/products?${text}`));
    expect(body).toMatchObject({ items: expect.any(Array), total: expect.any(Number) });
  });

  test.each(["/admin/v1/orders?limit=201", "/admin/v1/orders?limit=0"])("%s is refused", async (path) => {
    expectProblem(await shop.admin.get(path), query("limit"));
  });
});

describe("a header", () => {
  const body = { email: "ada@example.org" };
  const put = (headers: CallOptions["headers"]) => send("PUT", "CART/email", { body, headers: headers ?? {} });

  test.each(["12", "abc", '"12', "W/12", '"1", "2"'])("If-Match: %s is refused", async (value) => {
    expectProblem(await put({ "If-Match": value }), header("If-Match"));
  });

  test.each(['"0"', '"99999"', '"abc"', 'W/"0"'])("If-Match: %s is stale", async (value) => {
    expectProblem(await put({ "If-Match": value }), { status: 412, code: "stale-revision" });
  });

  test("If-Match with the present tag is right", async () => {
    const { headers } = await shopper.caller.get(shopper.cart);
    expectStatus(200, await put({ "If-Match": headers["etag"] ?? "" }));
  });

  test.each([
    ["Idempotency-Key", "x".repeat(256)],
    ["Idempotency-Key", "schlüssel"],
    ["Consistency-Token", "12"],
    ["Consistency-Token", "c1-"],
    ["Consistency-Token", "c1-zzzzzzzzzzzzz"],
  ])("%s: %s is refused", async (name, value) => {
    expectProblem(await put({ [name]: value }), header(name));
  });

  test("Accept without JSON cannot be served", async () => {
    const answer = await send("GET", "/store/v1/products", { headers: { Accept: "text/html" } });
    expectProblem(answer, { status: 406, code: "not-acceptable" });
  });
});

describe("an address", () => {
  test.each([
    ["GET", "/store/v1/nothing", 404, "unknown-route"],
    ["GET", "/store/v1/products/no-such-product", 404, "not-found"],
    ["GET", "/store/v1/products/%E0%A4%A", 400, "malformed-url"],
    ["GET", "/store/v1/products/__proto__", 404, "not-found"],
    ["DELETE", "/store/v1/products", 405, "method-not-allowed"],
    ["GET", "/store/v1/carts/none", 404, "cart-not-found"],
    ["GET", "/store/v1/orders/none", 404, "order-not-found"],
  ] as const)("%s %s", async (method, path, status, code) => {
    expectProblem(await send(method, path), { status, code });
  });
});

describe("what is somebody else's is not there", () => {
  const NOBODYS = "00000000-0000-4000-8000-000000000000";
  test.each<{ method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"; path: string; body?: unknown }>([
    { method: "GET", path: "" },
    { method: "GET", path: "/shipping-methods" },
    { method: "POST", path: "/items", body: { sku: "GOOD-1", quantity: 1 } },
    { method: "PATCH", path: "/items/x", body: { quantity: 1 } },
    { method: "DELETE", path: "/items/x" },
    { method: "PUT", path: "/currency", body: { currency: "EUR" } },
    { method: "PUT", path: "/country", body: { country: "DE" } },
    { method: "PUT", path: "/email", body: { email: "thief@example.org" } },
    { method: "PUT", path: "/shipping-address", body: ADDRESS },
    { method: "PUT", path: "/shipping-method", body: { id: "standard" } },
    { method: "POST", path: "/accept-prices" },
    { method: "POST", path: "/checkout", body: { payment: { method: "test", token: "tok_approve" } } },
    { method: "DELETE", path: "" },
  ])("$method /store/v1/carts/<theirs>$path", async ({ method, path, body }) => {
    const answer = await shopper.caller.call(method, somebodyElse.cart + path, { body });
    expectProblem(answer, { status: 404, code: "cart-not-found" });
    const nobodys = await shopper.caller.call(method, `/store/v1/carts/${NOBODYS}${path}`, { body });
    const apart = { detail: "", correlationId: "" };
    expect({ ...nobodys.body, ...apart }).toEqual({ ...answer.body, ...apart });
  });

  test("an order", async () => {
    const answer = await shopper.caller.get(`/store/v1/orders/${theirOrder}`);
    expectProblem(answer, { status: 404, code: "order-not-found" });
    expect((await shopper.caller.get("/store/v1/orders")).body.items).toEqual([]);
  });
});

describe("who may not", () => {
  const carts = () => shopper.cart;
  test.each<[string, () => Promise<Answer>, Expected]>([
    ["no shopper token", () => shop.anyone.get(carts()), { status: 401, code: "shopper-token-required" }],
    ["a shopper token of nobody", () => shop.anyone.as(`ms_${"A".repeat(64)}`).get(carts()), { status: 401, code: "invalid-shopper-token" }],
    ["a shopper token cut short", () => shop.anyone.as(shopper.token.slice(0, -1)).get(carts()), { status: 401, code: "invalid-shopper-token" }],
    ["another scheme", () => shop.anyone.with({ Authorization: `Basic ${shopper.token}` }).get(carts()), { status: 401, code: "shopper-token-required" }],
    ["a wrong token at an open door", () => shop.anyone.as("nonsense").post("/store/v1/carts", { currency: "GBP" }), { status: 401, code: "invalid-shopper-token" }],
    ["no API key", () => shop.anyone.get("/admin/v1/orders"), { status: 401, code: "api-key-required" }],
    ["a wrong API key", () => shop.anyone.with({ "X-API-Key": "mk_0123456789abcdef0123456789" }).get("/admin/v1/orders"), { status: 401, code: "invalid-api-key" }],
    ["an API key too short to be one", () => shop.anyone.with({ "X-API-Key": "x" }).get("/admin/v1/orders"), { status: 401, code: "invalid-api-key" }],
    ["a shopper token instead of a key", () => shopper.caller.get("/admin/v1/orders"), { status: 403, code: "role-required" }],
    ["a key without the role to read", () => shop.anyone.with({ "X-API-Key": analystKey }).get("/admin/v1/orders"), { status: 403, code: "role-required" }],
    ["a key without the role to write", () => shop.anyone.with({ "X-API-Key": analystKey }).post("/admin/v1/products", { title: "Mine" }), { status: 403, code: "role-required" }],
    ["a key without the role for reference data", () => shop.anyone.with({ "X-API-Key": analystKey }).put("/reference/v1/currencies/QQQ", { name: "Mine", fractionDigits: 2 }), { status: 403, code: "role-required" }],
  ])("%s", async (_, call, expected) => {
    const answer = await call();
    expectProblem(answer, expected);
    if (expected.status === 401) expect(answer.headers["www-authenticate"]).toMatch(/^Bearer realm=/);
  }); // prettier-ignore

  test("the rights are asked for before the content is looked at", async () => {
    const headers = { "Content-Type": "text/plain" };
    expect((await shop.anyone.call("POST", "/admin/v1/products", { body: "x", headers })).status).toBe(401);
    expect((await shop.anyone.post(`${shopper.cart}/items`, { nonsense: true })).status).toBe(401);
  });
});

test("nothing has come of any of it", async () => {
  const cart = expectStatus(200, await shopper.caller.get(shopper.cart)).body;
  expect(cart).toMatchObject({ status: "open", currency: "GBP", lines: [{ id: lineId, quantity: 1 }] });
  const theirs = expectStatus(200, await somebodyElse.caller.get(somebodyElse.cart)).body;
  expect(theirs).toMatchObject({ status: "open", lines: [], email: null });
  const level = await shop.admin.get(`/admin/v1/stock/main/${article.sku}`);
  expect(level.body).toMatchObject({ onHand: 100, reserved: 1 });
  expect((await shop.admin.get("/admin/v1/orders")).body.total).toBe(1);
  expectStatus(200, await shop.anyone.get("/health/live"));
});
