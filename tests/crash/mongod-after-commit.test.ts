/** mongod killed in the moment after a commit: what readers were shown must be there when it is back. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Checkpoint, MongoStores } from "../../src/infra/mongo";
import { MongodProcess } from "./support/victims";

const ROUNDS = 3;

const folder = mkdtempSync(join(tmpdir(), "millrace-commit-"));
const mongod = new MongodProcess(folder);

afterAll(async () => {
  await mongod.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("a commit of the single node that a shop brings is there after a kill", async () => {
  await mongod.start();
  // As `millrace start` connects to the mongod of its own.
  const stores = await MongoStores.connect({ url: mongod.url, writeConcern: 1 });
  try {
    const documents = stores.collection<{ _id: string }>("shelf", "documents");
    for (let round = 0; round < ROUNDS; round++) {
      const place = new Checkpoint(stores, "shelf", "place");
      await place.claim(round + 1);
      // The journal is written every tenth of a second in any case.
      const begun = Date.now();
      let last = 0;
      while (Date.now() - begun < 250)
        await place.commit(BigInt(round * 10_000 + ++last), (session) =>
          documents.insertOne({ _id: `${round}:${last}` }, { session }),
        );
      await mongod.kill();
      await mongod.start();
      expect(await documents.findOne({ _id: `${round}:${last}` })).toEqual({ _id: `${round}:${last}` });
    }
  } finally {
    await stores.close();
  }
});
