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
  await mongo.collection("cart", "answers").createIndex({ other: 1 }, { name: "at_1" });
  await expect(memory.remember("command", "hash", refusal)).rejects.toThrow();
  await mongo.collection("cart", "answers").dropIndexes();
  await memory.remember("command", "hash", refusal);
  expect(await memory.recall("command", "hash")).toMatchObject({ code: "sold-out" });
});

const kept = async (context: string) => {
  const indexes = await mongo.collection(context, "answers").indexes();
  return indexes.find(({ key }) => "at" in key)?.["expireAfterSeconds"] as unknown;
};

test("answers are kept for as long as is set, also when that is changed later", async () => {
  for (const [days, seconds] of [
    [1, 86_400],
    [14, 1_209_600],
    [2, 172_800],
  ] as const) {
    await new AnswerMemory(mongo, "pricing", days).recall(`command-${days}`, "hash");
    expect(await kept("pricing")).toBe(seconds);
  }
  // An index of somebody else's, without an end.
  await mongo.collection("catalog", "answers").createIndex({ at: 1 });
  await new AnswerMemory(mongo, "catalog", 3).recall("command", "hash");
  expect(await kept("catalog")).toBe(259_200);
});

test("a key is kept for what it was used for first, by whichever process; a later answer does not replace the first", async () => {
  const [one, two] = [new AnswerMemory(mongo, "ordering"), new AnswerMemory(mongo, "ordering")];
  const reused = { code: "idempotency-key-reused" };
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => (n % 2 ? one : two).recall("raced", n % 4 < 2 ? "hash" : "another")),
  );
  // All of one content go on, all of the other are refused.
  expect(answers.filter((answer) => answer === undefined)).toHaveLength(10);
  for (const answer of answers) if (answer !== undefined) expect(answer).toMatchObject(reused);

  expect(await one.recall("command", "hash")).toBeUndefined();
  expect(await two.recall("command", "hash")).toBeUndefined();
  expect(await two.recall("command", "another")).toMatchObject(reused);
  await one.remember("command", "hash", { idleAt: 7 });
  await two.remember("command", "hash", new DomainError("conflict", "sold-out", "There is none left."));
  expect(await two.recall("command", "hash")).toEqual({ idleAt: 7 });
  expect(await one.recall("command", "another")).toMatchObject(reused);
});

test("many keys at once, some of them known, are each answered for themselves", async () => {
  const [one, two] = [new AnswerMemory(mongo, "inventory"), new AnswerMemory(mongo, "inventory")];
  for (let n = 0; n < 300; n += 3) await one.remember(`key ${n}`, "hash", { idleAt: n });
  const answers = await Promise.all(
    Array.from({ length: 600 }, (_, n) => (n % 2 ? one : two).recall(`key ${n >> 1}`, n % 5 ? "hash" : "another")),
  );
  for (const [n, answer] of answers.entries()) {
    const key = n >> 1;
    if (key % 3 === 0 && n % 5) expect(answer).toEqual({ idleAt: key });
    // Of two contents at once the first is kept, whichever that is.
    else if (answer !== undefined) expect(answer).toMatchObject({ code: "idempotency-key-reused" });
  }
  expect(await mongo.collection("inventory", "answers").countDocuments()).toBe(300);
});
