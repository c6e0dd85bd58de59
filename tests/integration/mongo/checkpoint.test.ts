import { Checkpoint, Fenced, MongoStores } from "../../../src/infra/mongo";
import { startStores, uniquePrefix, type TestStores } from "../../support/stores";

let stores: TestStores;
let first: MongoStores;
let second: MongoStores;

beforeAll(async () => {
  stores = await startStores({ need: { mongo: true } });
  const at = { url: stores.mongoUrl, prefix: uniquePrefix() };
  [first, second] = await Promise.all([MongoStores.connect(at), MongoStores.connect(at)]);
  await first.collection("shelf", "documents").insertOne({ _id: "any" as never });
});
afterAll(async () => {
  await Promise.all([first.close(), second.close()]);
  await stores.stop();
});

const write = (of: MongoStores) => of.collection<{ _id: string }>("shelf", "documents");

describe("the place of a consumer", () => {
  test("starts before the first event and is found again by the next worker", async () => {
    const place = new Checkpoint(first, "shelf", "found");
    expect(await place.claim(1)).toBe(-1n);
    await place.commit(5n, (session) => write(first).insertOne({ _id: "found" }, { session }));
    await place.advance(7n);
    expect(await new Checkpoint(second, "shelf", "found").claim(2)).toBe(7n);
    expect(await write(second).findOne({ _id: "found" })).not.toBeNull();
  });

  test("a worker that was replaced writes nothing more", async () => {
    const old = new Checkpoint(first, "shelf", "replaced");
    await old.claim(1);
    await new Checkpoint(second, "shelf", "replaced").claim(2);
    const late = old.commit(5n, (session) => write(first).insertOne({ _id: "late" }, { session }));
    await expect(late).rejects.toThrow(Fenced);
    await expect(old.advance(5n)).rejects.toThrow(Fenced);
    await expect(old.claim(1)).rejects.toThrow(Fenced);
    expect(await write(second).findOne({ _id: "late" })).toBeNull();
  });

  test("the transaction of a worker that was killed in it holds nobody up", async () => {
    const killed = new Checkpoint(first, "shelf", "killed");
    await killed.claim(1);
    let written: () => void = () => undefined;
    const inTransaction = new Promise<void>((resolve) => (written = resolve));
    const hanging = killed.commit(5n, async (session) => {
      await write(first).insertOne({ _id: "halfway" }, { session });
      written();
      // From a killed process nothing more is heard.
      await new Promise<void>((resolve) => (written = resolve));
      throw new Error("it never came so far");
    });
    hanging.catch(() => undefined);
    await inTransaction;
    const begun = Date.now();
    expect(await new Checkpoint(second, "shelf", "killed").claim(2)).toBe(-1n);
    expect(Date.now() - begun).toBeLessThan(10_000);
    expect(await write(second).findOne({ _id: "halfway" })).toBeNull();
    written();
    await expect(hanging).rejects.toThrow();
  });

  test("a position that comes late does not move it back", async () => {
    const place = new Checkpoint(first, "shelf", "late");
    await place.claim(1);
    await place.commit(9n, (session) => write(first).insertOne({ _id: "nine" }, { session }));
    await place.advance(7n);
    expect(await place.claim(2)).toBe(9n);
  });

  test("a worker whose position the database has lost begins again from the one that it has", async () => {
    const place = new Checkpoint(first, "shelf", "lost");
    await place.claim(1);
    await place.advance(5n);
    // What a server of one node does when it is killed before its journal is on disk.
    await second.collection("shelf", "checkpoints").updateOne({ _id: "lost" as never }, { $set: { position: 3n } });
    await expect(place.advance(6n)).rejects.toThrow(Fenced);
    expect(await place.claim(2)).toBe(3n);
    await place.advance(6n);
  });
});
