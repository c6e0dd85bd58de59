import { DomainError } from "../../../src/domains/kernel";
import { MongoStores } from "../../../src/infra/mongo";
import { AnswerMemory } from "../../../src/infra/runtime";
import { eventually } from "../../support/eventually";
import { uniquePrefix } from "../../support/stores";
import { type MongodWithLogins, startMongodWithLogins } from "../../support/stores/mongod-with-logins";

/** How long answers are kept, with a login that may read and write one database and no more. */

let mongod: MongodWithLogins;
let mongo: MongoStores;
const prefix = uniquePrefix();

beforeAll(async () => {
  mongod = await startMongodWithLogins(prefix);
  mongo = await MongoStores.connect({ url: mongod.login("cart"), prefix, only: ["cart"] });
}, 120_000);
afterAll(async () => {
  await mongo.close();
  await mongod.stop();
});

const HOUR = 60 * 60 * 1000;
const refusal = new DomainError("conflict", "sold-out", "There is none left.");

test("an answer is dropped when its time is over, also where that is set anew; then its key may be used anew", async () => {
  await new AnswerMemory(mongo, "cart", 1).remember("other", "hash", refusal);
  // Two processes of the new setting come up at once.
  const [memory, second] = [new AnswerMemory(mongo, "cart", 3), new AnswerMemory(mongo, "cart", 3)];
  const answers = mongo.collection<{ _id: string }>("cart", "answers");
  const aged = (hours: number) => ({ $set: { at: new Date(Date.now() - hours * HOUR) } });
  await Promise.all([memory.remember("two days old", "hash", refusal), second.remember("old", "hash", refusal)]);
  await answers.updateOne({ _id: "two days old" }, aged(48));
  await answers.updateOne({ _id: "old" }, aged(73));
  await eventually(async () => (await answers.countDocuments({ _id: "old" })) === 0, 60_000);
  expect(await memory.recall("old", "another")).toBeUndefined();
  for (const id of ["other", "two days old"]) {
    expect(await memory.recall(id, "hash")).toMatchObject({ code: "sold-out" });
    expect(await memory.recall(id, "another")).toMatchObject({ code: "idempotency-key-reused" });
  }
}, 90_000);
