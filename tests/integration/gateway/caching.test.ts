import { encodeToken } from "../../../src/api/http";
import { eventually } from "../../support/eventually";
import { at, startTestGateway, type TestGateway } from "./gateway";
import { answerJson, type Behaviour, Upstream } from "./upstream";

/* Public reads: what is kept, for whom, and for how long. */

let store: Upstream;
let gateway: TestGateway;

const open = async (tells: boolean): Promise<void> => {
  store = await Upstream.start("store");
  store.tells = tells;
  gateway = await startTestGateway({ GATEWAY_SERVICES: at("storefront,cart", store) });
};
beforeEach(() => open(false));
afterEach(async () => {
  await gateway.stop();
  await store.kill().catch(() => undefined);
});

const list = "/store/v1/products";
const token = (position: number): string => encodeToken(BigInt(position));

/** Answers a version under its tag, and 304 when that is known. */
function versioned(version: number, cacheControl: string, headers: Record<string, string> = {}): Behaviour {
  return (got, response, request) => {
    const etag = `"${version}"`;
    if (got.headers["if-none-match"] !== etag)
      return answerJson({ version }, { "Cache-Control": cacheControl, ETag: etag, ...headers })(got, response, request);
    response.writeHead(304, { "Cache-Control": cacheControl, ETag: etag }).end();
  };
}

/** An instance that tells the gateway when its data changes. */
async function watched(): Promise<void> {
  await gateway.stop();
  await store.kill();
  await open(true);
  await eventually(() => store.followers.size > 0);
}

test("what may be kept for a time is asked for once in it; another address, or packing, is another answer", async () => {
  store.behave = versioned(1, "public, max-age=60");
  const first = await gateway.caller.get(list);
  const second = await gateway.caller.get(list);
  expect(first.headers["cache-status"]).toBe("millrace; fwd=uri-miss; stored");
  expect(second).toMatchObject({ body: { version: 1 }, headers: { "cache-status": "millrace; hit", age: "0" } });
  expect(second.headers["x-correlation-id"]).not.toBe(first.headers["x-correlation-id"]);
  expect(store.count).toBe(1);
  await gateway.caller.get(`${list}?q=heart`);
  await gateway.caller.get(list, { headers: { "Accept-Encoding": "gzip" } });
  expect(store.count).toBe(3);
});

test("a caller that has the answer is told so", async () => {
  store.behave = versioned(1, "public, max-age=60");
  await gateway.caller.get(list);
  const answer = await gateway.caller.get(list, { headers: { "If-None-Match": '"1"' } });
  expect(answer).toMatchObject({ status: 304, body: "", headers: { etag: '"1"' } });
  expect(answer.headers).not.toHaveProperty("content-length");
  expect(store.count).toBe(1);
});

test("what must be looked at anew is asked about by its tag", async () => {
  store.behave = versioned(1, "public, no-cache");
  await gateway.caller.get(list);
  await gateway.caller.get(list);
  expect(store.got.map(({ headers }) => headers["if-none-match"])).toEqual([undefined, '"1"']);
  store.behave = versioned(2, "public, no-cache");
  expect((await gateway.caller.get(list)).body).toEqual({ version: 2 });
});

test("while nothing has changed, nothing is asked; a change is seen at once", async () => {
  await watched();
  store.behave = versioned(1, "public, max-age=0, must-revalidate");
  await eventually(async () => {
    await gateway.caller.get(list);
    return (await gateway.caller.get(list)).headers["cache-status"] === "millrace; hit";
  });
  const before = store.count;
  for (let i = 0; i < 20; i++) await gateway.caller.get(list);
  expect(store.count).toBe(before);
  store.behave = versioned(2, "public, max-age=0, must-revalidate");
  store.changed("cart");
  store.changed("storefront");
  await eventually(async () => (await gateway.caller.get(list)).body.version === 2);
  expect(store.count).toBe(before + 1);
});

test("many who want the same at once are one for the service", async () => {
  let answer: () => void = () => undefined;
  store.behave = (got, response, request) => {
    answer = () => void versioned(1, "public, no-cache")(got, response, request);
  };
  const many = Array.from({ length: 50 }, () => gateway.caller.get(list));
  await eventually(() => gateway.gateway.reads.figures.shared === 49);
  answer();
  const answers = await Promise.all(many);
  expect(answers.every(({ body }) => body.version === 1)).toBe(true);
  expect(store.count).toBe(1);
});

test("an old answer is given while a new one is fetched", async () => {
  store.behave = versioned(1, "public, max-age=0, stale-while-revalidate=60");
  await gateway.caller.get(list);
  store.behave = versioned(2, "public, max-age=0, stale-while-revalidate=60");
  const stale = await gateway.caller.get(list);
  expect(stale).toMatchObject({ body: { version: 1 }, headers: { "cache-status": "millrace; hit; detail=stale" } });
  await eventually(async () => (await gateway.caller.get(list)).body.version === 2);
});

test("an old answer stands in for a service that is away", async () => {
  store.behave = versioned(1, "public, max-age=0, must-revalidate");
  await gateway.caller.get(list);
  await store.kill();
  const answer = await gateway.caller.get(list);
  expect(answer).toMatchObject({ status: 200, body: { version: 1 } });
  expect(answer.headers["cache-status"]).toBe("millrace; hit; detail=stale-on-error");
  expect(await gateway.caller.get(`${list}?q=other`)).toMatchObject({ status: 503 });
});

test("no answer is older than the token that a request carries", async () => {
  store.behave = versioned(1, "public, max-age=60");
  await gateway.caller.get(list);
  const withToken = (position: number) =>
    gateway.caller.get(list, { headers: { "Consistency-Token": token(position) } });
  store.behave = versioned(2, "public, max-age=60");
  expect((await withToken(100)).body).toEqual({ version: 2 });
  expect(store.got.at(-1)?.headers["consistency-token"]).toBe(token(100));
  // It is known to reflect 100: earlier tokens need not be asked for, a later one must.
  expect((await withToken(99)).headers["cache-status"]).toBe("millrace; hit");
  expect(store.count).toBe(2);
  await withToken(101);
  expect(store.count).toBe(3);
  // Not even when the service is away.
  await store.kill();
  expect((await withToken(200)).status).toBe(503);
});

test("what has been shown to be new is not followed by something older", async () => {
  store.behave = versioned(1, "public, no-cache");
  await gateway.caller.get(list, { headers: { "Consistency-Token": token(100) } });
  await gateway.caller.get(list);
  expect(store.got.at(-1)?.headers["consistency-token"]).toBe(token(100));
});

test("a token that is none is the service's to refuse", async () => {
  store.behave = answerJson({ code: "invalid-header" }, {}, 400);
  expect(await gateway.caller.get(list, { headers: { "Consistency-Token": "x" } })).toMatchObject({ status: 400 });
});

test.each([
  ["private", { "Cache-Control": "private, max-age=60" }],
  ["not to be stored", { "Cache-Control": "public, no-store" }],
  ["not said to be public", { "Cache-Control": "max-age=60" }],
  ["with a cookie", { "Cache-Control": "public, max-age=60", "Set-Cookie": "a=b" }],
  ["different by header", { "Cache-Control": "public, max-age=60", Vary: "Accept-Language" }],
])("what is %s is kept for nobody", async (_what, headers) => {
  store.behave = (got, response, request) => answerJson({ for: got.headers["authorization"] ?? null }, headers)(got, response, request); // prettier-ignore
  await gateway.caller.get(list);
  await gateway.caller.get(list);
  expect(store.count).toBe(2);
  expect(gateway.gateway.reads.kept.entries).toBe(0);
});

test("what is asked for everybody says nothing of who asked", async () => {
  store.behave = versioned(1, "public, max-age=60");
  const secret = { Authorization: "Bearer ms_secret", "X-API-Key": "mk_secret", Cookie: "a=b", "Shopper-Token": "t" };
  await gateway.caller.get(list, { headers: secret });
  for (const name of ["authorization", "x-api-key", "cookie", "shopper-token"])
    expect(store.got[0]?.headers).not.toHaveProperty(name);
});

test("a shopper's own reads are never kept", async () => {
  store.behave = answerJson({}, { "Cache-Control": "public, max-age=60" });
  await gateway.caller.get("/store/v1/carts/1");
  await gateway.caller.get("/store/v1/carts/1");
  expect(store.count).toBe(2);
});

test("a read after a write shows it, whichever instance it comes to", async () => {
  store.behave = answerJson({ id: "1" }, { "Consistency-Token": token(7), Location: "/store/v1/carts/1" }, 201);
  await gateway.caller.post("/store/v1/carts", {});
  store.behave = answerJson({});
  await gateway.caller.get("/store/v1/carts/1");
  expect(store.got.at(-1)?.headers["consistency-token"]).toBe(token(7));
  await gateway.caller.get("/store/v1/carts/1", { headers: { "Consistency-Token": token(9) } });
  expect(store.got.at(-1)?.headers["consistency-token"]).toBe(token(9));
  await gateway.caller.get("/store/v1/carts/2");
  expect(store.got.at(-1)?.headers["consistency-token"]).toBeUndefined();
});

test("memory is bounded", async () => {
  store.behave = answerJson("x".repeat(500_000), { "Cache-Control": "public, max-age=60" });
  for (let i = 0; i < 40; i++) await gateway.caller.get(`${list}?offset=${i}`);
  const { bytes, entries } = gateway.gateway.reads.kept;
  expect(bytes).toBeLessThanOrEqual(8 * 1024 * 1024);
  expect(entries).toBeGreaterThan(10);
});
