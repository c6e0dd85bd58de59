import { type Caller } from "../../support/http";
import { eventually } from "../../support/eventually";
import { startTestShop, type TestShop } from "../../support/shop";

/* The audit trail: who was refused, and who had what done in the back office, as analysts read it. */

interface Row {
  readonly kind: string;
  readonly actor: string;
  readonly operation: string;
  readonly status: number;
  readonly quantity: number;
  readonly correlationId: string;
  readonly [field: string]: unknown;
}

const FEED = "/analytics/v1/feeds/audit";

let shop: TestShop;
/** Of elsewhere: what is open to this machine's own requests is not open to it. */
let elsewhere: Caller;
beforeAll(async () => {
  shop = await startTestShop({ auditWindow: 1_000 });
  elsewhere = shop.anyone.with({ Origin: "https://elsewhere.example" });
});
afterAll(() => shop.stop());

const rows = async (wanted: Partial<Row>): Promise<readonly Row[]> => {
  const lines = ((await shop.admin.get(FEED)).body as string).split("\n").filter(Boolean);
  const all = lines.map((line) => JSON.parse(line) as Row);
  return all.filter((row) => Object.entries(wanted).every(([name, value]) => row[name] === value));
};
const rowOf = (wanted: Partial<Row>): Promise<Row> => eventually(async () => (await rows(wanted))[0]);

test("a command that is accepted: who, which aggregate, and the command that it was", async () => {
  const erp = shop.anyone.with({ "X-API-Key": await shop.keys.create("erp", ["integrator", "finance"]) });
  const name = { name: "Quid", fractionDigits: 2 };
  const answer = await erp.put("/reference/v1/currencies/QQD", name, { "X-Correlation-Id": "put-qqd" });
  expect(answer.status).toBeLessThan(300);
  const row = await rowOf({ correlationId: "put-qqd" });
  expect(row).toMatchObject({
    kind: "command",
    actor: "key:erp",
    method: "PUT",
    route: "/reference/v1/currencies/:code",
    ids: "code=QQD",
    outcome: "accepted",
    code: null,
    quantity: 1,
  });
  for await (const { metadata } of shop.engine.log.readStream("currency-QQD"))
    expect(metadata).toMatchObject({ correlationId: "put-qqd", actor: "key:erp" });
});

test("a command that is refused, with the reason", async () => {
  const wrong = await shop.admin.put("/reference/v1/currencies/QQE", { name: "" }, { "X-Correlation-Id": "wrong" });
  expect(wrong.status).toBe(422);
  expect(await rowOf({ correlationId: "wrong" })).toMatchObject({
    actor: "key:admin",
    outcome: "refused",
    status: 422,
    code: wrong.body.code,
  });
});

test("making and revoking an API key", async () => {
  const made = await shop.admin.post("/operations/v1/api-keys", { name: "till", roles: ["stock"] });
  const row = await rowOf({ operation: "createApiKey" });
  expect(row).toMatchObject({ status: 201, made: `/operations/v1/api-keys/${made.body.id}` });
  await shop.admin.delete(`/operations/v1/api-keys/${made.body.id}`);
  expect(await rowOf({ operation: "revokeApiKey" })).toMatchObject({ ids: `id=${made.body.id}` });
});

test("a caller who is known and may not", async () => {
  const support = shop.anyone.with({ "X-API-Key": await shop.keys.create("desk", ["support"]) });
  expect((await support.post("/operations/v1/api-keys", { name: "x", roles: ["admin"] })).status).toBe(403);
  expect((await support.get(FEED, { headers: { Origin: "https://e.example" } })).status).toBe(403);
  expect(await rowOf({ actor: "key:desk", operation: "createApiKey" })).toMatchObject({ kind: "refusal", status: 403 });
  expect(await rowOf({ actor: "key:desk", operation: "readFeed" })).toMatchObject({ kind: "refusal", status: 403 });
});

test("a flood of strangers fills no log: all are counted, a few rows tell of them", async () => {
  const before = Date.now();
  const guesses = Array.from({ length: 400 }, (_, guess) =>
    elsewhere.get("/admin/v1/orders", { headers: { "X-API-Key": `mk_guessed-${"0".repeat(12)}${guess}` } }),
  );
  expect(new Set((await Promise.all(guesses)).map(({ status }) => status))).toEqual(new Set([401]));
  const windows = () => Math.ceil((Date.now() - before) / 1_000) + 1;
  const told = await eventually(async () => {
    const found = await rows({ kind: "refusal", operation: "adminListOrders", status: 401 });
    expect(found.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(400);
    return found;
  }, 30_000);
  expect(told.length).toBeLessThanOrEqual(2 * windows());
  expect(told[0]).toMatchObject({ actor: "anonymous", code: "invalid-api-key", client: expect.stringMatching(/^[\w-]{11}$/) }); // prettier-ignore
});

test("nothing personal and no secret is in it", async () => {
  const opened = await shop.anyone.post("/store/v1/carts", { currency: "GBP" });
  const token: string = opened.body.shopperToken ?? opened.headers["shopper-token"] ?? "";
  expect(token).toMatch(/^ms_/);
  const person = "grace.hopper@example.org";
  expect((await shop.anyone.as(token).get("/admin/v1/orders")).status).toBe(403);
  await shop.admin.post(`/admin/v1/people/${person}/forget`, {}, { "X-Correlation-Id": "forget" });
  expect(await rowOf({ correlationId: "forget" })).toMatchObject({ operation: "forgetPerson", ids: null });
  expect(await rowOf({ actor: "shopper" })).toMatchObject({ operation: "adminListOrders", status: 403 });
  const text = (await shop.admin.get(FEED)).body as string;
  for (const secret of [token, person, "guessed", "127.0.0.1", "test-admin-key"]) expect(text).not.toContain(secret);
});

test("what a shopper does, and what is only read, is not in it", async () => {
  expect(
    (await rows({ kind: "command" })).filter(({ operation }) => /^(?:openCart|list|read)/.test(operation)),
  ).toEqual([]);
});

test("it counts itself", async () => {
  const metrics = (await shop.admin.get("/metrics")).body as string;
  const figure = (name: string) => Number(new RegExp(`^millrace_audit_${name} (\\d+)`, "m").exec(metrics)?.[1]);
  expect(figure("events_total")).toBeGreaterThanOrEqual((await rows({})).length);
  expect([figure("append_failures_total"), figure("lost_total")]).toEqual([0, 0]);
});
