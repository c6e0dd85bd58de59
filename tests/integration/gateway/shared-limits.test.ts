import { Limiter } from "../../../src/api/gateway/limits/limiter";
import { LimitSharing } from "../../../src/api/gateway/limits/sharing";
import { MongoStores, SharedCounts } from "../../../src/infra/mongo";
import { eventually } from "../../support/eventually";
import { startStores, type TestStores, uniquePrefix } from "../../support/stores";

/* Several gateways keep one limit together, through MongoDB. */

let stores: TestStores;
let mongo: MongoStores;
beforeAll(async () => {
  stores = await startStores({ need: { mongo: true } });
  mongo = await MongoStores.connect({ url: stores.mongoUrl, prefix: uniquePrefix(), writeConcern: 1 });
});
afterAll(async () => {
  await mongo.close();
  await stores.stop();
});

/** The limits of one gateway, on a clock that stands still. */
function gateway(counts = new SharedCounts(mongo)) {
  const limiter = new Limiter({ client: { requests: 20, seconds: 3_600 }, key: undefined, routes: new Map() }, () => 0);
  const reported: string[] = [];
  const sharing = new LimitSharing(
    () => limiter,
    counts,
    (message) => reported.push(message),
    20,
  );
  const ask = (client = "1.1.1.1") => limiter.ask({ client, credential: undefined, operationId: "getCart" });
  return { ask, sharing, reported };
}

test("what one lets in counts at the others, once", async () => {
  const [one, two] = [gateway(), gateway()];
  for (let i = 0; i < 12; i++) one.ask();
  two.ask("2.2.2.2");
  await eventually(async () => (await mongo.collection("operations", "counts").countDocuments()) === 2);
  // The other learns of it when it has something to tell itself.
  expect(two.ask()?.remaining).toBe(19);
  let asked = 1;
  await eventually(() => {
    const remaining = two.ask()?.remaining ?? 0;
    asked++;
    return remaining === Math.max(0, 20 - 12 - asked);
  });
  await eventually(() => one.ask()?.admitted === false);
  expect(two.ask("3.3.3.3")?.remaining).toBe(19);
  await Promise.all([one.sharing.stop(), two.sharing.stop()]);
});

test("nothing that could be read is kept", async () => {
  const documents = await mongo.collection("operations", "counts").find().toArray();
  expect(JSON.stringify(documents)).not.toMatch(/1\.1\.1\.1|2\.2\.2\.2/);
});

test("without the database each keeps the limit for itself, and says so once", async () => {
  const broken = { add: () => Promise.reject(new Error("away")) } as unknown as SharedCounts;
  const alone = gateway(broken);
  alone.ask();
  await eventually(() => alone.reported.length > 0);
  expect(alone.ask()?.admitted).toBe(true);
  await alone.sharing.stop();
  expect(alone.reported).toEqual(["limits cannot be shared with other gateways now"]);
});
