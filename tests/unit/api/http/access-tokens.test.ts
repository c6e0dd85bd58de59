import { createApp, listen, type Listening, ok, route, type Security } from "../../../../src/api/http";
import { silentLogger } from "../../../../src/infra/observability";
import { oidcTokens } from "../../../../src/infra/security";
import { Caller } from "../../../support/http";
import { startIssuer, type TestIssuer } from "../../../support/issuer";
import { apiKeys, tokens } from "./support";

/* Access tokens of an identity provider at the doors of the shop. */

const routeFor = (path: string, security: Security) =>
  route({
    method: "GET",
    path,
    operationId: path.slice(1),
    summary: "Says who calls",
    tags: ["Test"],
    security,
    responses: { 200: { description: "Who" } },
    handler: ({ actor }) => ok({ actor }),
  });

let issuer: TestIssuer;
let server: Listening;
let anyone: Caller;

beforeAll(async () => {
  issuer = await startIssuer();
  const users = oidcTokens({ issuer: issuer.url, audience: issuer.audience, rolesClaim: "roles", rest: 0 });
  const routes = [
    routeFor("/orders", { roles: ["support"] }),
    routeFor("/cart", "shopper"),
    routeFor("/open", "optional-shopper"),
    routeFor("/public", "public"),
  ];
  const app = createApp(routes, { log: silentLogger(), shoppers: tokens, apiKeys: apiKeys(), users });
  server = await listen(app, { port: 0, host: "127.0.0.1" });
  anyone = new Caller(server.url);
});
afterAll(async () => {
  await anyone.close();
  await server.close();
  await issuer.stop();
});

const by = (token: string) => anyone.with({ Authorization: `Bearer ${token}` });

test("an issuer that was never reached: 503 where it matters, and nowhere else", async () => {
  issuer.setUp(false);
  const caller = by(await issuer.token({ roles: ["support"] }));
  const refused = await caller.get("/orders");
  expect(refused).toMatchObject({ status: 503, body: { code: "issuer-unavailable" } });
  expect(refused.headers["retry-after"]).toBe("2");
  expect((await caller.get("/public")).status).toBe(200);
  issuer.setUp(true);
  expect((await caller.get("/orders")).status).toBe(200);
});

test("roles open what they say; the actor is the subject", async () => {
  const caller = by(await issuer.token({ sub: "u-7", roles: ["support"] }));
  expect((await caller.get("/orders")).body).toEqual({ actor: "user:u-7" });
  expect((await caller.get("/open")).body).toEqual({ actor: "anonymous" });
  const refused = await caller.get("/cart");
  expect(refused).toMatchObject({ status: 403, body: { code: "role-required", required: ["customer"] } });
});

test("a customer is a shopper, and has no way into the back office", async () => {
  const caller = by(await issuer.token({ sub: "c-7", roles: ["customer"] }));
  const { body } = await caller.get("/cart");
  expect(body.actor).toMatch(/^shopper:[0-9a-f-]{36}$/);
  expect((await caller.get("/open")).body).toEqual(body);
  expect(await caller.get("/orders")).toMatchObject({ status: 403, body: { roles: ["customer"] } });
});

test("a token that is not good is told so, with a challenge, wherever tokens are looked at", async () => {
  const caller = by(await issuer.token({ aud: "another-shop", roles: ["admin", "customer"] }));
  for (const path of ["/orders", "/cart", "/open"]) {
    const { status, body, headers } = await caller.get(path);
    expect([status, body.code, headers["content-type"]]).toEqual([
      401,
      "invalid-token",
      "application/problem+json; charset=utf-8",
    ]);
    expect(headers["www-authenticate"]).toBe(
      'Bearer realm="millrace", error="invalid_token", error_description="The token is meant for somebody else (aud)."',
    );
  }
  expect((await caller.get("/public")).status).toBe(200);
});

test("where no identity provider is named, no such token is taken", async () => {
  const app = createApp([routeFor("/orders", { roles: ["support"] })], { log: silentLogger(), apiKeys: apiKeys() });
  const other = await listen(app, { port: 0, host: "127.0.0.1" });
  const caller = new Caller(other.url, { Authorization: `Bearer ${await issuer.token({ roles: ["support"] })}` });
  expect(await caller.get("/orders")).toMatchObject({ status: 401, body: { code: "invalid-token" } });
  await caller.close();
  await other.close();
});
