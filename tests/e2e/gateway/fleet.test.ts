import { gatewayConfig, type RunningGateway, startGateway } from "../../../src/engine/gateway";
import { setUpShop } from "../../../src/engine/set-up";
import { type Shop, type ShopOptions, startShop, CONTEXTS } from "../../../src/engine/shop";
import { settings } from "../../../src/infra/config";
import { collectedLog } from "../../support/collected-logs";
import { makeArticle } from "../../support/articles";
import { after, seen } from "../../support/consistency";
import { eventually } from "../../support/eventually";
import { Caller } from "../../support/http";
import { run } from "../../support/program";
import { ADMIN_KEY, shopOn } from "../../support/shop";
import { buy, expectStatus, openCart } from "../../support/shopper";
import { startStores, type TestStores, uniquePrefix } from "../../support/stores";

/*
 * A shop as a fleet: one process works on the projections, two serve, found by their registration in MongoDB, and a
 * gateway is the only address that anyone knows.
 */

let stores: TestStores;
let worker: Shop;
let working = true;
let first: Shop;
let second: Shop;
let gateway: RunningGateway;
let anyone: Caller;
let admin: Caller;
let options: ShopOptions;

const registering = { url: "auto", weight: 100, zone: undefined, version: "test" };
const serving = (): Promise<Shop> => startShop({ ...options, serve: CONTEXTS, registering, drain: 1_500 });

beforeAll(async () => {
  stores = await startStores();
  const mongoPrefix = uniquePrefix();
  options = {
    ...shopOn(stores, mongoPrefix),
    work: [],
    serve: [],
  };
  worker = await startShop({
    ...options,
    work: "all",
    registering: { ...registering, role: "work", url: undefined },
    async beforeOpening(shop) {
      await setUpShop(shop, { seed: false });
    },
  });
  [first, second] = await Promise.all([serving(), serving()]);
  gateway = await startGateway({
    host: "127.0.0.1",
    port: 0,
    config: gatewayConfig(settings({ GATEWAY_HEALTH_INTERVAL: "200" })),
    log: collectedLog(),
    mongo: { url: stores.mongoUrl, prefix: mongoPrefix },
    adminKey: ADMIN_KEY,
    registering: { ...registering, role: "gateway", url: undefined },
  });
  anyone = new Caller(gateway.url);
  admin = anyone.with({ "X-API-Key": ADMIN_KEY });
  await eventually(async () => (await readyInstances()) === 2);
});
afterAll(async () => {
  await anyone.close();
  await gateway.stop();
  await Promise.all([first.stop(), second.stop()]);
  if (working) await worker.stop();
  await stores.stop();
});

interface SeenService {
  readonly name: string;
  readonly instances: readonly { readonly url: string; readonly health: string; readonly draining: boolean }[];
}

async function seenInstances(): Promise<SeenService["instances"]> {
  const { body } = expectStatus(200, await admin.get("/gateway/v1/services"));
  return (body.items as SeenService[]).find(({ name }) => name === "storefront")?.instances ?? [];
}
const readyInstances = async (): Promise<number> =>
  (await seenInstances()).filter(({ health, draining }) => health === "ready" && !draining).length;

test("the worker, which nobody sends requests to, says how it is and what it does", async () => {
  const ask = new Caller(worker.url);
  await eventually(async () => (await ask.get("/health/ready")).status === 200);
  expect((await ask.get("/metrics")).body).toMatch(/millrace_projection_lag_seconds\{context="cart",name="carts"/);
  expect((await ask.get("/operations/v1/projections/cart.carts")).body).toMatchObject({ state: "live" });
  expect((await ask.get("/store/v1/products")).status).toBe(404);
  await ask.close();
});

test("a shopper buys, whichever process each request comes to", async () => {
  const { sku, token } = await makeArticle(admin, { sku: "FLEET-1", stock: 20 });
  for (let i = 0; i < 3; i++) {
    const { shopper, answer } = await buy(anyone, [{ sku, quantity: 2 }], { after: token });
    expect(answer).toMatchObject({ status: 201, body: { status: "confirmed", lines: [{ sku, quantity: 2 }] } });
    // No token is sent, and neither instance may show less than was said.
    for (let again = 0; again < 4; again++) {
      const cart = expectStatus(200, await shopper.caller.get(shopper.cart));
      expect(cart.body).toMatchObject({ status: "checked-out", orderId: answer.body.id });
    }
  }
});

test("a change is seen at once where it is asked for, and soon by everybody, from what is kept", async () => {
  const { sku, slug, token } = await makeArticle(admin, { sku: "FLEET-2", price: "10.00", stock: 1 });
  const page = `/store/v1/products/${slug}`;
  const first = expectStatus(200, await anyone.get(page, after(token)));
  await eventually(async () => (await anyone.get(page)).headers["cache-status"]?.startsWith("millrace; hit"));
  const changed = expectStatus(201, await admin.post(`/admin/v1/prices/${sku}`, { currency: "GBP", amount: "12.50" }));
  const now = expectStatus(200, await anyone.get(page, after(changed)));
  expect(JSON.stringify(first.body)).not.toContain("12.50");
  expect(JSON.stringify(now.body)).toContain("12.50");
  for (let i = 0; i < 6; i++) expect(JSON.stringify((await anyone.get(page)).body)).toContain("12.50");
});

test("the same command sent to the fleet many times at once is done once", async () => {
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => anyone.post("/store/v1/carts", { currency: "GBP", country: "GB" }, { "Idempotency-Key": "fleet-cart" })), // prettier-ignore
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
});

test("an instance leaves and another joins under load: no request fails", async () => {
  const { sku, token } = await makeArticle(admin, { sku: "FLEET-3", stock: 100_000 });
  const statuses = new Map<string, number>();
  let stop = false;
  const shopping = Array.from({ length: 3 }, async () => {
    while (!stop) {
      const { caller, cart } = await openCart(anyone);
      const answers = [
        await caller.post(`${cart}/items`, { sku, quantity: 1 }, seen(token)),
        await caller.get(cart),
        await anyone.get("/store/v1/products?limit=2"),
      ];
      for (const { status, body } of answers) {
        const what = status === 200 ? "200" : `${status} ${body.code} ${body.detail}`;
        statuses.set(what, (statuses.get(what) ?? 0) + 1);
      }
    }
  });
  const served = (least: number) => eventually(() => (statuses.get("200") ?? 0) > least);
  await served(10);
  const leaving = first.url;
  await first.stop();
  await eventually(async () => !(await seenInstances()).some(({ url }) => url === leaving));
  await served((statuses.get("200") ?? 0) + 10);
  first = await serving();
  await eventually(async () => (await readyInstances()) === 2);
  await served((statuses.get("200") ?? 0) + 10);
  stop = true;
  await Promise.all(shopping);
  expect([...statuses.keys()]).toEqual(["200"]);
});

test("roles hold behind the gateway as before it, and strangers cannot pass for this machine", async () => {
  expect((await anyone.get("/admin/v1/orders")).status).toBe(401);
  expect((await admin.get("/admin/v1/orders")).status).toBe(200);
  const local = await anyone.get("/analytics/v1/feeds");
  const stranger = await anyone.get("/analytics/v1/feeds", { headers: { "X-Forwarded-For": "203.0.113.9" } });
  const otherName = await anyone.get("/analytics/v1/feeds", { headers: { Host: "evil.example" } });
  expect([local.status, stranger.status, otherName.status]).toEqual([200, 401, 401]);
});

interface Told {
  readonly wrong: readonly string[];
  readonly instances: readonly { readonly role: string; readonly state: string }[];
  readonly work: readonly { readonly name: string; readonly state: string }[];
}

/** What `millrace status` says of the fleet. */
async function status(): Promise<{ readonly code: number; readonly told: Told }> {
  const { mongoUrl, mongoPrefix } = options;
  const env = { MONGODB_URL: mongoUrl, MONGODB_PREFIX: mongoPrefix, ADMIN_API_KEY: ADMIN_KEY };
  const program = run(["status", "--json"], env);
  const code = await program.ended;
  if (program.out() === "") throw new Error(program.err());
  return { code, told: JSON.parse(program.out()) as Told };
}

test("status tells what runs; and in words what is wrong once the worker is gone", async () => {
  const well = await eventually(async () => {
    const answer = await status();
    if (answer.code !== 0) throw new Error(answer.told.wrong.join("\n"));
    return answer;
  }, 30_000);
  expect(well.told.instances.map(({ role, state }) => `${role} ${state}`).toSorted()).toEqual([
    "gateway ready",
    "serve ready",
    "serve ready",
    "work ready",
  ]);
  expect(well.told.work).toContainEqual(expect.objectContaining({ name: "cart.carts", state: "live" }));

  working = false;
  await worker.stop();
  const { code, told } = await status();
  expect(code).toBe(1);
  expect(told.wrong).toContain("Nobody works on cart.carts: no process that does is there.");
  expect(told.instances.map(({ role }) => role)).not.toContain("work");
}, 90_000);
