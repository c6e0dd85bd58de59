import { request } from "undici";
import { gatewayConfig, type RunningGateway, startGateway } from "../../../src/engine/gateway";
import { type Shop, startShop } from "../../../src/engine/shop";
import { settings } from "../../../src/infra/config";
import { collectedLog } from "../../support/collected-logs";
import { serviceTokenSigner } from "../../../src/infra/security";
import { makeArticle } from "../../support/articles";
import { eventually } from "../../support/eventually";
import { Caller } from "../../support/http";
import { startIssuer, type TestIssuer } from "../../support/issuer";
import { startTestShop, type TestShop } from "../../support/shop";
import { buy } from "../../support/shopper";

/*
 * Who events say they were caused by is who was verified, whatever a request says of itself; and a service that is
 * reached around its gateway believes nothing of callers that is not signed.
 */

const KEY = "what this gateway and its services share";
const NEXT = "what they are going to share before long";

/** What a proxy or a forger may say of who calls. */
const FORGED = {
  "X-Forwarded-User": "admin",
  "X-Actor": "key:admin",
  "X-User-Id": "1",
  "X-Roles": "admin",
  "X-Shopper-Id": "0b3f7c1e-52a4-4f4b-9b3a-6d8a2f0c7e11",
  "X-Millrace-Actor": "process:checkout",
  "X-Auth-Request-User": "root",
  "Remote-User": "root",
};

let issuer: TestIssuer;
let shop: TestShop;
let service: Shop;
let gateway: RunningGateway;
/** Through the gateway, and around it. */
let through: Caller;
let around: Caller;

beforeAll(async () => {
  issuer = await startIssuer();
  const oidc = { issuer: issuer.url, audience: issuer.audience, rolesClaim: "roles" };
  shop = await startTestShop({ oidc });
  const serviceKeys = { key: KEY, also: [NEXT] };
  service = await startShop({ ...shop.options, port: 0, work: [], beforeOpening: undefined, serviceKeys });
  gateway = await gatewayWith(KEY);
  through = new Caller(gateway.url);
  around = new Caller(service.url);
});
afterAll(async () => {
  await Promise.all([through.close(), around.close()]);
  await gateway.stop();
  await service.stop();
  await shop.stop();
  await issuer.stop();
});

const gatewayWith = (serviceKey: string | undefined, limits: Record<string, string> = {}): Promise<RunningGateway> =>
  startGateway({
    host: "127.0.0.1",
    port: 0,
    config: gatewayConfig(settings({ GATEWAY_SERVICES: `*=${service.url}`, GATEWAY_WAIT: "30000", ...limits })),
    log: collectedLog(),
    serviceKey,
    auditWindow: 300,
  });

/** The actors of a stream's events, once there are any. */
const actorsOf = (stream: string): Promise<ReadonlySet<string>> =>
  eventually(async () => {
    const actors = new Set<string>();
    for await (const { metadata } of shop.engine.log.readStream(stream)) actors.add(metadata.actor);
    return actors.size > 0 ? actors : undefined;
  });

describe.each(["honest", "forged"])("the actor of events, where the headers of a request are %s", (what) => {
  const headers = what === "forged" ? FORGED : {};
  const code = what === "forged" ? "QF" : "QH";
  const currency = { name: "Quid", fractionDigits: 2 };

  test("is the bearer of an API key", async () => {
    const key = await shop.keys.create(`erp-${what}`, ["finance"]);
    const answer = await through.put(`/reference/v1/currencies/${code}K`, currency, { ...headers, "X-API-Key": key });
    expect(answer.status).toBeLessThan(300);
    expect(await actorsOf(`currency-${code}K`)).toEqual(new Set([`key:erp-${what}`]));
  });

  test("is whom the identity provider signed in", async () => {
    const token = await issuer.token({ sub: `clerk-${what}`, roles: ["finance"] });
    const bearer = { ...headers, Authorization: `Bearer ${token}` };
    expect((await through.put(`/reference/v1/currencies/${code}U`, currency, bearer)).status).toBeLessThan(300);
    expect(await actorsOf(`currency-${code}U`)).toEqual(new Set([`user:clerk-${what}`]));
  });

  test("is the shopper, and for what follows the process that does it", async () => {
    const { sku, token } = await makeArticle(shop.admin, { sku: `ACTOR-${what}`, stock: 5 });
    const { shopper, answer } = await buy(through.with(headers), [{ sku, quantity: 1 }], { after: token });
    expect([answer.status, answer.body.status]).toEqual([201, "confirmed"]);
    const verified = service.services.tokens.verify(shopper.token);
    expect(await actorsOf(`cart-${shopper.cartId}`)).toEqual(new Set([`shopper:${verified?.id}`]));
    expect(await actorsOf(`stock-main-${sku}`)).toEqual(new Set(["key:admin", "process:checkout"]));
    const order: string = answer.body.id;
    expect(await actorsOf(`checkout-${order}`)).toEqual(new Set(["process:checkout"]));
    expect(await actorsOf(`order-${order}`)).toEqual(new Set([`shopper:${verified?.id}`, "process:checkout"]));
  });
});

test("what a gateway refuses itself is in the audit trail: the first at once, the rest together", async () => {
  const strict = await gatewayWith(KEY, { GATEWAY_LIMIT_ROUTES: "openCart=2/600" });
  const caller = new Caller(strict.url);
  try {
    const open = () => caller.post("/store/v1/carts", { currency: "GBP" }, { "X-Correlation-Id": "too-many" });
    const statuses: number[] = [];
    for (let sent = 0; sent < 40; sent++) statuses.push((await open()).status);
    expect(statuses.filter((status) => status === 429)).toHaveLength(38);
    const told = await eventually(async () => {
      const feed = (await shop.admin.get("/analytics/v1/feeds/audit")).body as string;
      const rows = feed.split("\n").filter((line) => line.includes("rate-limited"));
      const refused = rows.map((row) => JSON.parse(row) as { readonly quantity: number });
      return refused.reduce((sum, { quantity }) => sum + quantity, 0) === 38 ? refused : undefined;
    }, 30_000);
    expect(told[0]).toMatchObject({
      kind: "refusal",
      actor: "anonymous",
      operation: "openCart",
      method: "POST",
      route: "/store/v1/carts",
      status: 429,
      code: "rate-limited",
      client: expect.stringMatching(/^[\w-]{11}$/),
      correlationId: "too-many",
      quantity: 1,
    });
    expect(told.length).toBeLessThan(20);
  } finally {
    await caller.close();
    await strict.stop();
  }
});

describe("around the gateway", () => {
  test.each([...Object.keys(FORGED), "X-Forwarded-For", "Forwarded", "X-Real-IP"])(
    "a request that says by %s who calls is refused, whatever key it has, and on open routes too",
    async (name) => {
      const headers = { [name]: "127.0.0.1", "X-API-Key": "mk_test-admin-key-0123456789" };
      for (const path of ["/admin/v1/orders", "/store/v1/products"]) {
        const refused = await around.get(path, { headers });
        expect([refused.status, refused.body.code]).toEqual([403, "unsigned-identity"]);
        expect(refused.body.detail).toContain(name.toLowerCase());
      }
    },
  );

  test("one that says nothing of the kind is who its key says; health and figures are there", async () => {
    expect((await around.get("/admin/v1/orders")).status).toBe(401);
    const known = { headers: { "X-API-Key": "mk_test-admin-key-0123456789" } };
    expect((await around.get("/admin/v1/orders", known)).status).toBe(200);
    expect((await around.get("/health/ready")).status).toBe(200);
  });

  test.each([
    ["made up", () => "eyJhbGciOiJIUzI1NiJ9.e30.AAAA"],
    ["of another key", () => serviceTokenSigner("a key that nobody here has ever heard of")("cart")],
    ["of a minute ago", () => serviceTokenSigner(KEY, () => Date.now() - 70_000)("cart")],
    ["for a service elsewhere", () => serviceTokenSigner(KEY)("warehouse")],
  ])("a token %s is refused", async (_, token) => {
    const headers = { "X-Millrace-Token": token(), "X-Forwarded-For": "127.0.0.1" };
    const refused = await around.get("/store/v1/products", { headers });
    expect([refused.status, refused.body.code]).toEqual([401, "invalid-service-token"]);
  });

  test("what services tell gateways, they tell nobody else", async () => {
    const path = "/internal/v1/changes";
    expect((await around.get(path)).body.code).toBe("service-token-required");
    const headers = { "X-Millrace-Token": serviceTokenSigner(KEY)("cart") };
    const { statusCode, body } = await request(service.url + path, { headers });
    body.on("error", () => undefined).destroy();
    expect(statusCode).toBe(200);
  });

  test("a gateway that does not sign gets nowhere; one with the next key does", async () => {
    const [unsigned, next] = [await gatewayWith(undefined), await gatewayWith(NEXT)];
    const callers = [new Caller(unsigned.url), new Caller(next.url)];
    try {
      // Of elsewhere, so that the gateway says by X-Forwarded-For who calls.
      const headers = { Origin: "https://elsewhere.example", "X-API-Key": "mk_test-admin-key-0123456789" };
      const answers = await Promise.all(callers.map((caller) => caller.get("/admin/v1/orders", { headers })));
      expect(answers.map(({ status }) => status)).toEqual([403, 200]);
    } finally {
      await Promise.all(callers.map((caller) => caller.close()));
      await Promise.all([unsigned.stop(), next.stop()]);
    }
  });
});
