import { DomainError } from "../../../src/domains/kernel";
import { MongoStores } from "../../../src/infra/mongo";
import { AnswerMemory } from "../../../src/infra/runtime/answer-memory";
import { startStores, uniquePrefix, type TestStores } from "../../support/stores";

let stores: TestStores;
let mongo: MongoStores;

beforeAll(async () => {
  stores = await startStores({ need: { mongo: true } });
  mongo = await MongoStores.connect({ url: stores.mongoUrl, prefix: uniquePrefix() });
});
afterAll(async () => {
  await mongo.close();
  await stores.stop();
});

test("what the database refused once is asked of it again: answers are remembered from then on", async () => {
  const memory = new AnswerMemory(mongo, "cart");
  const refusal = new DomainError("conflict", "sold-out", "There is none left.");
  // Stands in the way of the memory's own, as a database that is away does.
  await mongo.collection("cart", "answers").createIndex({ at: 1 }, { expireAfterSeconds: 1_000_000 });
  await expect(memory.remember("command", "hash", refusal)).rejects.toThrow();
  await mongo.collection("cart", "answers").dropIndexes();
  await memory.remember("command", "hash", refusal);
  expect(await memory.recall("command", "hash")).toMatchObject({ code: "sold-out" });
});
