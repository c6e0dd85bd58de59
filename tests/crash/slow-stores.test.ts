/**
 * Stores that answer slowly, or not at all: the shop goes on as fast as they allow, nobody loses a lease by it, and every
 * request is answered by its deadline. `MILLRACE_SLOW_SECONDS` sets how long mongod is slow (default 3).
 */
import { MongoClient } from "mongodb";
import { newId } from "../../src/infra/runtime";
import { setUpShop } from "../../src/engine/set-up";
import { CONTEXTS, startShop, type Shop } from "../../src/engine/shop";
import { eventually } from "../support/eventually";
import { type Answer, Caller } from "../support/http";
import { Proxy } from "../support/proxy";
import { ADMIN_KEY, shopOn } from "../support/shop";
import { startStores, uniquePrefix, type TestStores } from "../support/stores";
import { Chance, seedOfRun } from "./support/chance";

const CARTS = 20;
/** In s; and how long mongod is slow, which is longer than they live without being renewed. */
const LEASE_TTL = 2;
const SLOW = Number(process.env["MILLRACE_SLOW_SECONDS"] ?? LEASE_TTL + 1);
const SEED = seedOfRun();

jest.setTimeout(180_000);

const prefix = uniquePrefix();
let stores: TestStores;
let toEventStore: Proxy;
let toMongo: Proxy;
let shop: Shop;
let anyone: Caller;
let admin: Caller;

beforeAll(async () => {
  stores = await startStores();
  [toEventStore, toMongo] = await Promise.all([Proxy.to(stores.eventstoreUrl), Proxy.to(stores.mongoUrl)]);
  const through = {
    eventstoreUrl: toEventStore.through(stores.eventstoreUrl),
    mongoUrl: toMongo.through(stores.mongoUrl),
  };
  shop = await startShop({
    ...shopOn(through, prefix),
    work: "all",
    serve: CONTEXTS,
    leaseTtl: LEASE_TTL,
    beforeOpening: async (opening) => void (await setUpShop(opening, { seed: false })),
  });
  anyone = new Caller(shop.url);
  admin = anyone.with({ "X-API-Key": ADMIN_KEY });
});
afterAll(async () => {
  for (const way of [toEventStore, toMongo]) {
    way.stall(false);
    way.slow(0);
  }
  await anyone.close();
  await shop.stop();
  await Promise.all([toEventStore.close(), toMongo.close()]);
  await stores.stop();
});

/** Who holds what, under which token: it rises with each change of hands. */
async function leases(): Promise<Readonly<Record<string, number>>> {
  const client = await MongoClient.connect(stores.mongoUrl);
  try {
    const { databases } = await client.db().admin().listDatabases({ nameOnly: true });
    const own = databases.map(({ name }) => name).filter((name) => name.startsWith(`${prefix}_`));
    const held = await Promise.all(
      own.map(async (name) => {
        const found = await client
          .db(name)
          .collection("leases")
          .find({ token: { $gt: 0 } })
          .toArray();
        return found.map(({ _id, token }) => [`${name}.${String(_id)}`, Number(token)] as const);
      }),
    );
    return Object.fromEntries(held.flat());
  } finally {
    await client.close();
  }
}

const openCart = (headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  anyone.post("/store/v1/carts", { currency: "GBP", country: "GB" }, { "Idempotency-Key": newId(), ...headers });

test("mongod answers after 200 to 500 ms: commands and reads go on, and the work stays where it is", async () => {
  await eventually(() => shop.engine.readModelStates.every(({ active }) => active.status === "live"), 60_000);
  const before = await leases();
  expect(Object.keys(before).length).toBeGreaterThan(10);
  const chance = new Chance(SEED);
  toMongo.slow(100);
  const begun = Date.now();
  const weather = setInterval(() => toMongo.slow(chance.between(100, 250)), 200);
  try {
    const opened = await Promise.all(Array.from({ length: CARTS }, () => openCart()));
    expect(opened.map(({ status }) => status)).toEqual(opened.map(() => 201));
    const seen = await Promise.all(
      opened.map(async ({ body, headers }) => {
        const { id, shopperToken } = body as { id: string; shopperToken: string };
        const token = headers["consistency-token"] ?? "";
        return eventually(async () => {
          const answer = await anyone
            .as(shopperToken)
            .with({ "Consistency-Token": token })
            .get(`/store/v1/carts/${id}`);
          expect([200, 503]).toContain(answer.status);
          return answer.status === 200;
        }, 60_000);
      }),
    );
    expect(seen).toHaveLength(CARTS);
    await eventually(() => Date.now() - begun > SLOW * 1_000, SLOW * 1_000 + 30_000);
    const states = shop.engine.readModelStates.map(({ name, active }) => `${name}: ${active.status}`);
    expect(states.filter((state) => !state.endsWith("live"))).toEqual([]);
    expect(await leases()).toEqual(before);
  } finally {
    clearInterval(weather);
    toMongo.slow(0);
  }
});

test.each([
  [
    "a read, and MongoDB is silent",
    () => toMongo,
    () => admin.with({ "Request-Timeout": "1000" }).get("/admin/v1/products?limit=7"),
  ],
  ["a command, and the event store is silent", () => toEventStore, () => openCart({ "Request-Timeout": "1000" })],
])("%s: it is answered by its deadline, and goes on when the store does", async (_, way, ask) => {
  way().stall(true);
  try {
    const asked = Date.now();
    const answer = await ask();
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status: 504, code: "gateway-timeout" });
    expect(Date.now() - asked).toBeLessThan(10_000);
  } finally {
    way().stall(false);
  }
  await eventually(async () => (await ask()).status < 300, 60_000);
});
