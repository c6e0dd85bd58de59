import { Checkpoint, MongoStores } from "../../src/infra/mongo";
import { newId } from "../../src/infra/runtime";
import { Proxy } from "../support/proxy";
import { startStores, type TestStores, uniquePrefix } from "../support/stores";

/*
 * A connection that dies without a word in the midst of a transaction leaves it open, and what it has written is kept from
 * everybody for a minute. Who had it ends it when it takes the work on again.
 */

interface Counted {
  readonly _id: string;
  readonly count: number;
}

let stores: TestStores;
let way: Proxy;
let mongo: MongoStores;
beforeAll(async () => {
  stores = await startStores({ need: { mongo: true } });
  way = await Proxy.to(stores.mongoUrl);
  const patience = { socketTimeoutMS: 500, connectTimeoutMS: 500, serverSelectionTimeoutMS: 500 };
  const url = way.through(stores.mongoUrl, patience);
  mongo = await MongoStores.connect({ url, prefix: uniquePrefix(), writeConcern: 1 });
});
afterAll(async () => {
  await mongo.close();
  await way.close();
  await stores.stop();
});

test("what was written when the connection died can be written again at once", async () => {
  const counted = mongo.collection<Counted>("counting", "counted");
  const _id = newId();
  const write = (count: number) => (session: Parameters<Parameters<Checkpoint["commit"]>[1]>[0]) =>
    counted.replaceOne({ _id }, { count }, { upsert: true, session });
  const place = new Checkpoint(mongo, "counting", "counter");
  await place.claim(1);
  await place.commit(1n, write(1));
  const dies = place.commit(2n, async (session) => {
    await write(2)(session);
    way.mute(true);
    way.cut("silence");
  });
  await expect(dies).rejects.toThrow();
  way.mute(false);
  const began = performance.now();
  await place.release();
  expect(await place.claim(2)).toBe(1n);
  await place.commit(3n, write(3));
  expect(performance.now() - began).toBeLessThan(15_000);
  expect(await counted.findOne({ _id })).toEqual({ _id, count: 3 });
});
