import { connect } from "node:net";
import { Gateway } from "../../../src/api/gateway";
import { CALLER_LIMITS, closeServer, gatewayServer, listenAt } from "../../../src/api/gateway/server";
import { at, configOf, startTestGateway, type TestGateway } from "./gateway";
import { Upstream } from "./upstream";

/* Limits, slow callers, web pages of elsewhere. */

let store: Upstream;
let gateway: TestGateway | undefined;

beforeAll(async () => {
  store = await Upstream.start("store");
});
beforeEach(() => {
  store.got.length = 0;
});
afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
});
afterAll(() => store.kill());

const cart = "/store/v1/carts/1";
const before = async (environment: Record<string, string>): Promise<TestGateway> =>
  (gateway = await startTestGateway({ GATEWAY_SERVICES: at("storefront,cart", store), ...environment }));

test("a client that sends more than its rate is told when to come back", async () => {
  const { caller } = await before({ GATEWAY_LIMIT_CLIENT: "5/60" });
  for (let left = 4; left >= 0; left--) {
    const { status, headers } = await caller.get(cart);
    expect(status).toBe(200);
    expect(headers["ratelimit-policy"]).toBe('"client";q=5;w=60');
    expect(headers["ratelimit"]).toMatch(new RegExp(`^"client";r=${left};t=`));
  }
  const refused = await caller.get(cart);
  expect(refused).toMatchObject({ status: 429, body: { code: "rate-limited", policy: "client" } });
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(5);
  expect(store.count).toBe(5);
});

test("each key has its own rate, and each caller its own on a route", async () => {
  const { caller } = await before({ GATEWAY_LIMIT_KEY: "3/60", GATEWAY_LIMIT_ROUTES: "openCart=1/60" });
  const [ann, ben] = [caller.as("ms_ann"), caller.as("ms_ben")];
  for (let i = 0; i < 3; i++) expect((await ann.get(cart)).status).toBe(200);
  expect((await ann.get(cart)).status).toBe(429);
  expect((await ben.post("/store/v1/carts", {})).status).toBe(200);
  expect(await ben.post("/store/v1/carts", {})).toMatchObject({ status: 429, body: { policy: "route" } });
  expect((await caller.get(cart)).status).toBe(200);
});

test("behind a trusted proxy the caller is the one that it names; nobody else is believed", async () => {
  const { caller } = await before({ GATEWAY_LIMIT_CLIENT: "1/60", GATEWAY_TRUSTED_PROXIES: "127.0.0.0/8" });
  const from = (chain: string) => caller.get(cart, { headers: { "X-Forwarded-For": chain } });
  expect((await from("1.1.1.1")).status).toBe(200);
  expect((await from("1.1.1.1")).status).toBe(429);
  expect((await from("9.9.9.9, 2.2.2.2")).status).toBe(200);
  expect((await from("8.8.8.8, 2.2.2.2")).status).toBe(429);
});

test("settings that stay the same forget no limit", async () => {
  const environment = { GATEWAY_LIMIT_CLIENT: "1/60" };
  const { caller, reload } = await before(environment);
  expect((await caller.get(cart)).status).toBe(200);
  await reload(configOf({ GATEWAY_SERVICES: at("storefront,cart", store), ...environment }));
  expect((await caller.get(cart)).status).toBe(429);
  await reload(configOf({ GATEWAY_SERVICES: at("storefront,cart", store), GATEWAY_LIMIT_CLIENT: "2/60" }));
  expect((await caller.get(cart)).status).toBe(200);
});

test.each([
  [{ GATEWAY_SERVICES: "shop=http://127.0.0.1:1" }, "GATEWAY_SERVICES: there is no service shop"],
  [{ GATEWAY_CORS: "shop=*" }, "GATEWAY_CORS: there is no touchpoint shop"],
  [{ GATEWAY_LIMIT_ROUTES: "openCarts=1/60" }, "GATEWAY_LIMIT_ROUTES: there is no route openCarts"],
  [{ GATEWAY_LIMIT_CLIENT: "many" }, 'GATEWAY_LIMIT_CLIENT: a rate must be <requests>/<seconds> such as 600/60, not "many"'], // prettier-ignore
  [{ GATEWAY_SERVICES: "storefront=ftp://a" }, "GATEWAY_SERVICES: an instance must be http(s)://host:port"],
  [{ GATEWAY_TRUSTED_PROXIES: "10.0.0.0/99" }, "GATEWAY_TRUSTED_PROXIES: a trusted proxy must be an address"],
])("%j: refused at the start", async (environment: Record<string, string>, message) => {
  await expect(async () => before(environment)).rejects.toThrow(message);
});

test("web pages: whose may call what, and what they may read", async () => {
  const { caller } = await before({
    GATEWAY_SERVICES: at("storefront,cart,catalog", store),
    GATEWAY_CORS: "storefront=*;backoffice=https://office.example",
  });
  const asks = (path: string, origin: string) =>
    fetch(`${caller.url}${path}`, {
      method: "OPTIONS",
      headers: { Origin: origin, "Access-Control-Request-Method": "POST" },
    });
  const shop = await asks("/store/v1/carts", "https://shop.example");
  expect(shop.status).toBe(204);
  expect(shop.headers.get("access-control-allow-origin")).toBe("*");
  expect(shop.headers.get("access-control-allow-methods")).toContain("POST");
  expect(shop.headers.get("access-control-allow-headers")).toContain("Idempotency-Key");

  const stranger = await asks("/admin/v1/products", "https://evil.example");
  expect(stranger.headers.get("access-control-allow-origin")).toBeNull();
  const office = await asks("/admin/v1/products", "https://office.example");
  expect(office.headers.get("access-control-allow-origin")).toBe("https://office.example");
  expect(office.headers.get("vary")).toBe("Origin");

  const read = await caller.get(cart, { headers: { Origin: "https://shop.example" } });
  expect(read.headers["access-control-expose-headers"]).toContain("Consistency-Token");
  // A refusal too can be read by the page.
  const refused = await caller.get("/store/v1/carts/1/nothing", { headers: { Origin: "https://shop.example" } });
  expect(refused.status).toBe(404);
  const wrong = await caller.delete("/store/v1/products", { headers: { Origin: "https://shop.example" } });
  expect(wrong.headers["access-control-allow-origin"]).toBe("*");
});

test("OPTIONS without a page behind it says what is possible", async () => {
  const { caller } = await before({});
  const answer = await fetch(`${caller.url}/store/v1/products`, { method: "OPTIONS" });
  expect([answer.status, answer.headers.get("allow")]).toEqual([204, "GET, HEAD, OPTIONS"]);
});

test("who came by https is told to stay with it", async () => {
  const { caller } = await before({ GATEWAY_TRUSTED_PROXIES: "127.0.0.1" });
  const { headers } = await caller.get(cart, { headers: { "X-Forwarded-Proto": "https" } });
  expect(headers["strict-transport-security"]).toContain("max-age");
  expect(store.got[0]?.headers["x-forwarded-proto"]).toBeUndefined();
});

test("its own figures are for those on this machine, or with the key", async () => {
  const { caller } = await before({});
  const elsewhere = { headers: { "X-Forwarded-For": "1.2.3.4" } };
  expect((await caller.get("/metrics", elsewhere)).status).toBe(401);
  expect((await caller.get("/gateway/v1/services", elsewhere)).status).toBe(401);
  expect((await caller.get("/health/live", elsewhere)).status).toBe(200);
});

/** What comes back on a connection that sends one piece and then no more, until it is closed. */
const slowly = (url: string, piece: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(piece));
    let answer = "";
    socket.setEncoding("utf8").on("data", (text: string) => (answer += text));
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });

test("who sends headers or a body too slowly is let go", async () => {
  const { gateway: policy } = await before({});
  const server = gatewayServer(policy.handle, { ...CALLER_LIMITS, headers: 100, request: 300, look: 20 });
  const url = await listenAt(server, { host: "127.0.0.1", port: 0 });
  expect(policy).toBeInstanceOf(Gateway);
  expect(await slowly(url, "GET /store/v1/products HTTP/1.1\r\nHost: a\r\nX-Slow: ")).toMatch(/^HTTP\/1.1 408 /);
  const body = await slowly(url, "POST /store/v1/carts HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{");
  expect(body).toMatch(/^(?:HTTP\/1.1 408 .*)?$/s);
  expect(store.count).toBe(0);
  await closeServer(server, 1_000);
});
