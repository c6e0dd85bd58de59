import { request } from "undici";
import { events, type Listening, ndjson, route, type Security } from "../../../../src/api/http";
import { ApiKeys, InvalidToken, IssuerUnavailable, type StoredKey } from "../../../../src/infra/security";
import { Listener } from "../../../support/live";
import { eventually } from "../../../support/eventually";
import { keptLog, serve, SHOPPER, tokens } from "./support";

/* An answer that lasts is cut within seconds once its caller may not have it any more. */

/** Another one in each test, as what was known of a key is remembered for a moment. */
let key = "";
const ACCESS_TOKEN = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl";
/** What the store of keys, and the identity provider, say at present. */
let stored: StoredKey | undefined | Error;
let user: Error | undefined;
let server: Listening;

const shared = { method: "GET", summary: "Lasts", tags: [], cache: "no-store", heeds: [] } as const;

const live = (path: string, security: Security) =>
  route({
    ...shared,
    path,
    operationId: `follow${path.replaceAll("/", "")}`,
    security,
    responses: { 200: { description: "Events", mediaType: "text/event-stream" } },
    handler: () =>
      events(async function* (signal) {
        for (let number = 1; !signal.aborted; number++) yield { event: "count", id: `${number}`, data: Buffer.from(`${number}`) }; // prettier-ignore
      }),
  });

const rows = route({
  ...shared,
  path: "/rows",
  operationId: "readRows",
  security: { roles: ["analyst"] },
  responses: { 200: { description: "Rows", mediaType: "application/x-ndjson" } },
  handler: () =>
    ndjson(
      (async function* () {
        for (let number = 1; ; number++) {
          yield [{ number }];
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      })(),
    ),
});

const { log, lines } = keptLog("info");
beforeAll(async () => {
  const find = () => (stored instanceof Error ? Promise.reject(stored) : Promise.resolve(stored));
  const routes = [
    live("/public", "public"),
    live("/shopper", "shopper"),
    live("/analyst", { roles: ["analyst"] }),
    rows,
  ];
  server = await serve(routes, {
    log,
    apiKeys: new ApiKeys({ find }, { fresh: 50, ttl: 100 }),
    users: {
      verify() {
        if (user) throw user;
        return { principal: { kind: "user", name: "ada", roles: ["analyst"] } };
      },
    },
  });
});
afterAll(() => server.close(0));
let tests = 0;
beforeEach(() => {
  key = `mk_feeds_0123456789_${++tests}`;
  stored = { principal: { name: "feeds", roles: ["analyst"] } };
  user = undefined;
});

const open = (path: string, credential: string) =>
  Listener.open(`${server.url}${path}`, { Authorization: `Bearer ${credential}` });
const over = (listener: Listener) => eventually(() => listener.ended, 30_000);

test("events for a key end when the key is revoked; whoever connects again hears why", async () => {
  const listener = await open("/analyst", key);
  await listener.until(({ id }) => id === "3");
  stored = { ...(stored as StoredKey), revokedAt: new Date() };
  await over(listener);
  const again = await request(`${server.url}/analyst`, { headers: { "X-API-Key": key } });
  expect([again.statusCode, await again.body.json()]).toMatchObject([401, { detail: "The API key was revoked." }]);
  expect(lines).toContainEqual(expect.objectContaining({ code: "invalid-api-key", msg: expect.stringMatching(/was cut/) })); // prettier-ignore
});

test("they also end when the key loses the role, and when it expires", async () => {
  const listeners = [await open("/analyst", key), await open("/analyst", `${key}2`)];
  stored = { principal: { name: "feeds", roles: ["stock"] }, expiresAt: new Date(Date.now() + 100) };
  await Promise.all(listeners.map(over));
});

test("rows break off, so that nobody takes a part for the whole", async () => {
  const { body, statusCode } = await request(`${server.url}/rows`, { headers: { "X-API-Key": key } });
  expect(statusCode).toBe(200);
  let read = 0;
  const reading = (async () => {
    for await (const piece of body) read += (piece as Buffer).length;
  })();
  const failed = expect(reading).rejects.toThrow();
  await eventually(() => read > 0);
  stored = { ...(stored as StoredKey), revokedAt: new Date() };
  await failed;
});

test("events for a shopper end with the token", async () => {
  const aboutToEnd = tokens.issue(SHOPPER, Date.now() - 7_776_000_000 + 1_500);
  const listener = await open("/shopper", aboutToEnd);
  expect(listener.status).toBe(200);
  await over(listener);
});

test("events for an access token end with it, but not while its issuer or the store of keys is away", async () => {
  const listeners = [await open("/analyst", ACCESS_TOKEN), await open("/analyst", key)];
  const [byToken, byKey] = listeners;
  user = new IssuerUnavailable("away");
  stored = new Error("the store is away");
  const told = listeners.map(({ told }) => told.length);
  // Two looks at least have passed when there are so many more.
  await eventually(() => listeners.every((each, index) => each.told.length > (told[index] ?? 0) + 25), 30_000);
  user = new InvalidToken("The token has expired.");
  if (byToken) await over(byToken);
  await byKey?.close();
});

test("what anybody may have goes on whatever token was sent", async () => {
  const listener = await open("/public", key);
  stored = undefined;
  await listener.until(({ id }) => id === "15");
  await listener.close();
});
