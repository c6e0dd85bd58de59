import { connect } from "node:net";
import { request as httpRequest } from "node:http";
import { eventually } from "../../support/eventually";
import { at, startTestGateway, type TestGateway } from "./gateway";
import { answerJson, Upstream } from "./upstream";

/* Requests through the gateway to an instance and back. */

let store: Upstream;
let admin: Upstream;
let gateway: TestGateway;

beforeAll(async () => {
  store = await Upstream.start("store");
  admin = await Upstream.start("admin");
  gateway = await startTestGateway({ GATEWAY_SERVICES: `${at("storefront,cart", store)};${at("ordering", admin)}` });
});
beforeEach(() => {
  store.got.length = 0;
  admin.got.length = 0;
  store.behave = answerJson({ from: "store" });
  admin.behave = answerJson({ from: "admin" });
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all([store.kill(), admin.kill()]);
});

test("each path leads to its service", async () => {
  expect((await gateway.caller.get("/store/v1/carts/1")).body).toEqual({ from: "store" });
  expect((await gateway.caller.get("/admin/v1/orders?limit=3")).body).toEqual({ from: "admin" });
  expect(store.got[0]?.url).toBe("/store/v1/carts/1");
  expect(admin.got[0]?.url).toBe("/admin/v1/orders?limit=3");
});

test("what there is not, and what one may not, is said as the services say it", async () => {
  expect(await gateway.caller.get("/nowhere")).toMatchObject({ status: 404, body: { code: "unknown-route" } });
  expect(await gateway.caller.delete("/store/v1/products")).toMatchObject({
    status: 405,
    headers: { allow: "GET, HEAD, OPTIONS" },
    body: { code: "method-not-allowed" },
  });
  expect(await gateway.caller.get("/internal/v1/changes")).toMatchObject({ status: 404 });
  expect(await gateway.caller.get("/analytics/v1/feeds")).toMatchObject({
    status: 503,
    headers: { "retry-after": "1" },
    body: { code: "service-unavailable", service: "analytics" },
  });
});

test("a body arrives whole, small or large, with its headers", async () => {
  store.behave = (got, response, request) => answerJson({ length: got.body.length })(got, response, request);
  const small = await gateway.caller.post("/store/v1/carts", { currency: "GBP" }, { "Idempotency-Key": "k1" });
  expect(small.body).toEqual({ length: 18 });
  expect(store.got[0]?.headers).toMatchObject({ "idempotency-key": "k1", "content-type": "application/json" });
  const large = JSON.stringify({ text: "x".repeat(900_000) });
  expect((await gateway.caller.post("/store/v1/carts", large)).body).toEqual({ length: large.length });
});

test("a body that is larger than the route takes is refused before it is passed on", async () => {
  const answer = await gateway.caller.post("/store/v1/carts", JSON.stringify("x".repeat(1_100_000)));
  expect(answer).toMatchObject({ status: 413, body: { code: "body-too-large", limit: 1024 * 1024 } });
  expect(store.count).toBe(0);
});

test("a body without a length is cut off at the limit", async () => {
  const status = await new Promise<number>((resolve, reject) => {
    const sent = httpRequest(`${gateway.url}/store/v1/carts`, { method: "POST" }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    sent.on("error", reject);
    const piece = "x".repeat(64 * 1024);
    for (let i = 0; i < 20; i++) sent.write(piece);
    sent.end();
  });
  expect(status).toBe(413);
});

test("headers of one connection end at the gateway; nobody speaks in its name", async () => {
  await gateway.caller.get("/store/v1/carts/1", {
    headers: {
      TE: "trailers",
      "X-Forwarded-For": "6.6.6.6",
      Forwarded: "for=6.6.6.6",
      "X-Millrace-Actor": "admin",
      X_API_Key: "stolen",
      "X-Correlation-Id": "mine",
    },
  });
  const { headers } = store.got[0] ?? {};
  expect(headers).not.toHaveProperty("te");
  expect(headers).not.toHaveProperty("forwarded");
  expect(headers).not.toHaveProperty("x-millrace-actor");
  expect(headers).not.toHaveProperty("x_api_key");
  expect(headers).toMatchObject({ "x-correlation-id": "mine", "x-forwarded-for": "127.0.0.1" });
  expect(Number(headers?.["request-timeout"])).toBeGreaterThan(1_000);
});

test("a request of this machine itself is passed on as such", async () => {
  await gateway.caller.get("/store/v1/carts/1");
  expect(store.got[0]?.headers).not.toHaveProperty("x-forwarded-for");
});

test("a caller's deadline is passed on shorter, and kept", async () => {
  store.behave = () => undefined;
  const answer = await gateway.caller.get("/store/v1/carts/1", { headers: { "Request-Timeout": "200" } });
  expect(answer).toMatchObject({ status: 504, body: { code: "gateway-timeout" } });
  expect(Number(store.got[0]?.headers["request-timeout"])).toBeLessThanOrEqual(150);
});

test("what a service tells of itself stays inside", async () => {
  store.behave = answerJson({}, { Server: "nginx", "X-Powered-By": "magic", "Keep-Alive": "timeout=3", ETag: '"1"' });
  const { headers } = await gateway.caller.get("/store/v1/carts/1");
  expect(headers).not.toHaveProperty("server");
  expect(headers).not.toHaveProperty("x-powered-by");
  expect(headers["etag"]).toBe('"1"');
});

test("server-sent events pass through as they come", async () => {
  let more: () => void = () => undefined;
  admin.behave = (_got, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write("data: 1\n\n");
    more = () => void response.write("data: 2\n\n");
  };
  const pieces: string[] = [];
  const sent = httpRequest(`${gateway.url}/admin/v1/orders`, (answer) => {
    answer.setEncoding("utf8").on("data", (piece: string) => pieces.push(piece));
  });
  sent.on("error", () => undefined).end();
  await eventually(() => pieces.join("") === "data: 1\n\n");
  more();
  await eventually(() => pieces.join("") === "data: 1\n\ndata: 2\n\n");
  sent.destroy();
});

test("when the caller goes away, so does the request to the service", async () => {
  let gone = false;
  store.behave = (_got, response) => void response.on("close", () => (gone = true));
  const sent = httpRequest(`${gateway.url}/store/v1/carts/1`);
  sent.on("error", () => undefined).end();
  await eventually(() => store.count === 1);
  sent.destroy();
  await eventually(() => gone);
});

test("an answer that breaks off in the middle is not taken for the whole", async () => {
  admin.behave = (_got, response) => {
    response.writeHead(200, { "Content-Type": "application/json" });
    response.write('{"items":[');
    setImmediate(() => response.destroy());
  };
  await expect(gateway.caller.get("/admin/v1/orders")).rejects.toThrow();
});

const raw = (text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1", () => socket.write(text));
    let answer = "";
    socket.setEncoding("utf8").on("data", (piece: string) => (answer += piece));
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });

test.each<[what: string, request: string, status: number]>([
  ["length and chunks", "POST /store/v1/carts HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400], // prettier-ignore
  [
    "two lengths",
    "POST /store/v1/carts HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    400,
  ],
  ["two hosts", "GET /store/v1/products HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400],
  ["no host", "GET /store/v1/products HTTP/1.1\r\n\r\n", 400],
  [
    "another coding",
    "POST /store/v1/carts HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    501,
  ],
  ["a space before the colon", "GET /store/v1/products HTTP/1.1\r\nHost : a\r\n\r\n", 400],
  ["a folded header", "GET /store/v1/products HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", 400],
  ["a bare line feed", "GET /store/v1/products HTTP/1.1\nHost: a\n\n", 400],
  ["a body with a read", "GET /store/v1/products HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nGET /", 400],
  ["another server's address", "GET http://elsewhere/ HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["an escaped slash", "GET /store/v1/carts/..%2fadmin HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["no HTTP at all", "\x16\x03\x01\x02\x00\x01", 400],
  ["large headers", `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431],
  ["TRACE", "TRACE /store/v1/products HTTP/1.1\r\nHost: a\r\n\r\n", 405],
])("%s: refused, and the connection with it", async (_what, request, status) => {
  const answer = await raw(request);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(answer.toLowerCase()).toContain("connection: close");
  expect(store.count).toBe(0);
});

test("the whole is described in one place, and the gateway's own state can be seen", async () => {
  const { body } = await gateway.caller.get("/openapi.json");
  expect(Object.keys(body.paths)).toEqual(
    expect.arrayContaining(["/store/v1/products", "/admin/v1/orders", "/analytics/v1/feeds", "/gateway/v1/services"]),
  );
  expect(Object.keys(body.paths)).not.toContain("/internal/v1/changes");
  const services = await gateway.caller.get("/gateway/v1/services");
  expect(services.body.items.find(({ name }: { name: string }) => name === "storefront")).toMatchObject({
    available: true,
    instances: [{ url: store.url, health: "ready", circuit: "closed", weight: 100 }],
  });
  expect(await gateway.caller.get("/health/ready")).toMatchObject({ status: 200 });
  expect((await gateway.caller.get("/metrics")).body).toContain("millrace_gateway_instance_ready");
  const routes = await gateway.caller.get("/gateway/v1/http-routes");
  expect(routes.body.items).toContainEqual(
    expect.objectContaining({ kind: "HTTPRoute", metadata: expect.objectContaining({ name: "millrace-storefront" }) }),
  );
});
