import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gatewayConfig, type RunningGateway, startGateway } from "../../../src/engine/gateway";
import { settings } from "../../../src/infra/config";
import { collectedLog } from "../../support/collected-logs";
import { eventually } from "../../support/eventually";
import { Caller } from "../../support/http";
import { TEST_MASTER_KEY } from "../../support/master-keys";
import { type Program, run } from "../../support/program";
import { startTestShop, type TestShop } from "../../support/shop";

/* API keys as admins make them, over HTTP and on the command line, and as every process of the shop takes them. */

const KEYS = "/operations/v1/api-keys";
const WORK = "/operations/v1/projections";

let folder: string;
let shop: TestShop;
/** Another process of the same shop, and a gateway in front of it. */
let other: Program;
let direct: Caller;
let gateway: RunningGateway;
let gated: Caller;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-keys-"));
  shop = await startTestShop();
  other = millrace("serve", "operations", "--port", "0");
  const url = await eventually(() => {
    if (other.child.exitCode !== null) throw new Error(other.err());
    return /at (http\S+)/.exec(other.out())?.[1];
  }, 60_000);
  direct = new Caller(url);
  const { mongoUrl, mongoPrefix } = shop.options;
  gateway = await startGateway({
    host: "127.0.0.1",
    port: 0,
    config: gatewayConfig(settings({ GATEWAY_SERVICES: `*=${url}`, GATEWAY_WAIT: "30000" })),
    log: collectedLog(),
    mongo: { url: mongoUrl, prefix: mongoPrefix },
  });
  gated = new Caller(gateway.url);
});
afterAll(async () => {
  await gated.close();
  await direct.close();
  await gateway.stop();
  await other.interrupt();
  await shop.stop();
  rmSync(folder, { recursive: true });
});

function millrace(...args: string[]): Program {
  const { eventstoreUrl, mongoUrl, mongoPrefix } = shop.options;
  const stores = { EVENTSTORE_URL: eventstoreUrl, MONGODB_URL: mongoUrl, MONGODB_PREFIX: mongoPrefix };
  return run(args, { ...stores, MASTER_KEY: TEST_MASTER_KEY, DATA_DIR: folder, LOG_LEVEL: "error" });
}

/** What a command line says when it is done. */
async function said(...args: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const program = millrace(...args);
  const code = await program.ended;
  return { code, out: program.out(), err: program.err() };
}

/** How each process answers the bearer of a key: the one, the other, that through the gateway, the gateway itself. */
const answers = async (key: string) => {
  // Of elsewhere: what is open to this machine's own requests is not open to it.
  const headers = { "X-API-Key": key, Origin: "https://elsewhere.example" };
  const asked = [
    shop.anyone.get(WORK, { headers }),
    direct.get(WORK, { headers }),
    gated.get(WORK, { headers }),
    gated.get("/gateway/v1/services", { headers }),
  ];
  return (await Promise.all(asked)).map(({ status }) => status);
};

test("a key is shown once, works in every process, is seen to be used, and works nowhere once it is revoked", async () => {
  const made = await shop.admin.post(KEYS, { name: "pager", roles: ["operator"] });
  expect([made.status, made.headers["cache-control"]]).toEqual([201, "no-store"]);
  const { key, id } = made.body;
  expect(made.body).toMatchObject({ state: "active", createdBy: "key:admin", expiresAt: null, lastUsedAt: null });
  expect(await answers(key)).toEqual([200, 200, 200, 200]);

  const one = `${KEYS}/${id}`;
  const used = await eventually(async () => (await shop.admin.get(one)).body.lastUsedAt as string | null, 30_000);
  expect(Date.parse(used)).toBeGreaterThanOrEqual(Date.parse(made.body.createdAt));
  expect(JSON.stringify((await shop.admin.get(KEYS)).body)).not.toContain(key);

  const revoked = await shop.admin.delete(one);
  expect([revoked.status, revoked.body.state, revoked.body.revokedBy]).toEqual([200, "revoked", "key:admin"]);
  // Its last use is noted a while after it.
  const again = await shop.admin.delete(one);
  expect({ ...again.body, lastUsedAt: used }).toEqual({ ...revoked.body, lastUsedAt: used });
  await eventually(async () => String(await answers(key)) === "401,401,401,401");
  const refused = await direct.get(WORK, { headers: { "X-API-Key": key } });
  expect(refused.body).toMatchObject({ code: "invalid-api-key", detail: "The API key was revoked." });
});

test("a key works until it expires, also where it has just been used", async () => {
  const expiresAt = new Date(Date.now() + 2_000).toISOString();
  const { key, id } = (await shop.admin.post(KEYS, { name: "guest", roles: ["operator"], expiresAt })).body;
  await eventually(async () => {
    expect(await answers(key)).toEqual([401, 401, 401, 401]);
    return true;
  });
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expiresAt));
  expect((await shop.admin.get(`${KEYS}/${id}`)).body).toMatchObject({ state: "expired", expiresAt });
});

test("a key with the scope read only looks", async () => {
  const { key } = (await shop.admin.post(KEYS, { name: "viewer", roles: ["operator"], scopes: ["read"] })).body;
  const viewer = direct.with({ "X-API-Key": key });
  expect((await viewer.get(WORK)).status).toBe(200);
  const refused = await viewer.post("/operations/v1/processes/checkout/none/retry");
  expect([refused.status, refused.body.code]).toEqual([403, "scope-required"]);
});

test("a request that is repeated makes no second key", async () => {
  const headers = { "Idempotency-Key": "once" };
  const wanted = { name: "repeated", roles: ["stock"] };
  const { id } = (await shop.admin.post(KEYS, wanted, headers)).body;
  expect((await shop.admin.post(KEYS, wanted, headers)).body).toMatchObject({ code: "key-made-already", id });
  const { items } = (await shop.admin.get(KEYS)).body;
  expect(items.filter(({ name }: { name: string }) => name === "repeated")).toHaveLength(1);
});

test.each([
  [{ name: "erp", roles: ["king"] }, "roles.0"],
  [{ name: "erp", roles: ["customer"] }, "roles.0"],
  [{ name: "erp", roles: [] }, "roles"],
  [{ name: "two words", roles: ["stock"] }, "name"],
  [{ name: "erp", roles: ["stock"], scopes: ["delete"] }, "scopes.0"],
  [{ name: "erp", roles: ["stock"], expiresAt: "tomorrow" }, "expiresAt"],
  [{ name: "erp", roles: ["stock"], expiresAt: "2020-01-01T00:00:00Z" }, "expiresAt"],
])("no key is made of %j", async (wanted, path) => {
  const refused = await shop.admin.post(KEYS, wanted);
  expect([refused.status, refused.body.errors?.[0]?.path]).toEqual([422, path]);
});

test("who is no admin sees and makes no key", async () => {
  const operator = shop.anyone.with({ "X-API-Key": await shop.keys.create("operator", ["operator"]) });
  const body = { name: "mine", roles: ["admin"] };
  const [list, make, none] = await Promise.all([operator.get(KEYS), operator.post(KEYS, body), shop.anyone.get(KEYS)]);
  expect([list.status, make.status, none.status]).toEqual([403, 403, 401]);
});

test("the command line makes, lists and revokes keys", async () => {
  const made = await said("keys", "create", "nightly", "--role", "operator", "--expires", "90d", "--json");
  const { key, id, expiresAt } = JSON.parse(made.out) as Record<string, string>;
  expect([made.code, (await direct.get(WORK, { headers: { "X-API-Key": key ?? "" } })).status]).toEqual([0, 200]);
  expect(Date.parse(expiresAt ?? "")).toBeGreaterThan(Date.now() + 89 * 86_400_000);

  const [list, wrongRole, past] = await Promise.all([
    said("keys", "list"),
    said("keys", "create", "x", "--role", "king"),
    said("keys", "create", "x", "--role", "stock", "--expires", "2020-01-01"),
  ]);
  expect(list.out).toMatch(new RegExp(`^nightly +operator +active .* ${id}$`, "m"));
  expect(list.out).not.toContain(key);
  expect([wrongRole.code, wrongRole.err]).toEqual([
    1,
    expect.stringMatching(/^millrace: --role cannot be king: it can/),
  ]);
  expect([past.code, past.err]).toEqual([1, expect.stringMatching(/--expires must be in the future/)]);

  const [revoked, unknown] = await Promise.all([said("keys", "revoke", id ?? ""), said("keys", "revoke", "nobody's")]);
  expect([revoked.code, revoked.out]).toEqual([0, expect.stringMatching(/^The key of nightly is revoked/)]);
  expect([unknown.code, unknown.err]).toEqual([1, expect.stringMatching(/There is no API key nobody's/)]);
  await eventually(async () => (await direct.get(WORK, { headers: { "X-API-Key": key ?? "", Origin: "https://e.example" } })).status === 401); // prettier-ignore

  const told = await eventually(async () => {
    const feed = (await shop.admin.get("/analytics/v1/feeds/audit")).body as string;
    const rows = feed.split("\n").filter((line) => line.includes("command-line"));
    return rows.length === 2 ? rows.map((row) => JSON.parse(row) as object) : undefined;
  }, 30_000);
  const shared = { kind: "command", actor: "command-line", outcome: "accepted" };
  expect(told).toMatchObject([
    { ...shared, operation: "createApiKey", method: "POST", status: 201, made: `${KEYS}/${id}` },
    { ...shared, operation: "revokeApiKey", method: "DELETE", status: 200, ids: `id=${id}` },
  ]);
});

test("a key is revoked also while the log is away, and the command line says what it could not write down", async () => {
  const { key, id } = (await shop.admin.post(KEYS, { name: "leaked", roles: ["operator"] })).body;
  const { mongoUrl, mongoPrefix } = shop.options;
  const stores = { MONGODB_URL: mongoUrl, MONGODB_PREFIX: mongoPrefix, DATA_DIR: folder };
  const nowhere = run(["keys", "revoke", id], stores);
  expect([await nowhere.ended, nowhere.err()]).toEqual([1, expect.stringMatching(/^millrace: Name the log with EVENTSTORE_URL/)]); // prettier-ignore
  expect((await shop.admin.get(`${KEYS}/${id}`)).body.state).toBe("active");

  const away = run(["keys", "revoke", id], { ...stores, EVENTSTORE_URL: "esdb://127.0.0.1:1?tls=false" });
  expect([await away.ended, away.out()]).toEqual([0, expect.stringMatching(/^The key of leaked is revoked/)]);
  expect(away.err()).toMatch(/^millrace: This is done, but not in the audit trail: /);
  await eventually(async () => String(await answers(key)) === "401,401,401,401");
});
