import { type Accepted, AnswerMemory, CommandHandler, type CommandContext, newId } from "../../../src/infra/runtime";
import { Services, type ServiceOptions } from "../../../src/api/services";
import { conflict, DomainError } from "../../../src/domains/kernel";
import { EventLog } from "../../../src/infra/eventstore";
import { MongoStores } from "../../../src/infra/mongo";
import { counter, counterEvents } from "../../support/counter";
import { startStores, type TestStores, uniquePrefix } from "../../support/stores";

/** What a key is used for is kept before it is used: by whichever process, however it ends. */

let stores: TestStores;
let log: EventLog;
let mongo: MongoStores;

beforeAll(async () => {
  stores = await startStores({ need: { eventstore: true, mongo: true } });
  log = new EventLog(stores.eventstoreUrl, counterEvents);
  mongo = await MongoStores.connect({ url: stores.mongoUrl, prefix: uniquePrefix() });
});
afterAll(async () => {
  await log.close();
  await mongo.close();
  await stores.stop();
});

/** As another process of the shop has them. */
const process = (): Services => {
  const answers = new Map([["cart", new AnswerMemory(mongo, "cart")]]);
  const parts: Partial<ServiceOptions> = { commands: new CommandHandler(log), log, answers, currency: "GBP" };
  return new Services(parts as ServiceOptions, "cart");
};
const keyed = (commandHash: string): CommandContext => {
  const commandId = newId();
  return { commandId, commandHash, correlationId: commandId, actor: "test" };
};
const count = (by: number) => ({ type: "Count" as const, by });
const NEVER = new Promise<never>(() => undefined);

test("a process that was ended between keeping a key and using it stands in nobody's way", async () => {
  const id = newId();
  const context = keyed("one");
  const begun = new Promise<void>((resolve) => {
    void process().executeBuilt(counter, id, async () => (resolve(), NEVER), context);
  });
  await begun;
  expect(await process().execute(counter, id, count(2), { ...context, commandHash: "two" })).toMatchObject({
    code: "idempotency-key-reused",
  });
  expect(await process().execute(counter, id, count(2), context)).toMatchObject({ accepted: true, state: 2 });
  expect(await process().execute(counter, id, count(2), context)).toMatchObject({ repeated: true, state: 2 });
});

test("one that was ended after the append and before the answer: the repeat answers what was done", async () => {
  const id = newId();
  const context = keyed("one");
  const appended = new Promise<void>((resolve) => {
    const lost = process();
    void lost.together(context, async () => (await lost.once(counter, id, count(3), context), resolve(), NEVER));
  });
  await appended;
  const again = (await process().execute(counter, id, count(3), context)) as Accepted;
  expect(again).toMatchObject({ accepted: true, repeated: true, state: 3 });
});

test("what the facts spoke against is refused again when they no longer do; what was done is not refused when they do", async () => {
  const id = newId();
  const sold = conflict("sold-out", "There is none left.");
  let facts: DomainError | { type: "Count"; by: number } = sold;
  const build = () => Promise.resolve(facts);
  const [refused, done] = [keyed("one"), keyed("one")];
  expect(await process().executeBuilt(counter, id, build, refused)).toMatchObject({ code: "sold-out" });
  facts = count(4);
  expect(await process().executeBuilt(counter, id, build, refused)).toMatchObject({ code: "sold-out" });
  expect(await process().executeBuilt(counter, id, build, done)).toMatchObject({ repeated: false, state: 4 });
  await process().execute(counter, id, count(1), keyed("another"));
  facts = sold;
  expect(await process().executeBuilt(counter, id, build, done)).toMatchObject({ repeated: true, state: 4 });
});

test("a key that is used for one aggregate is refused for another, and the refusal names the header", async () => {
  const context = keyed("one");
  expect(await process().execute(counter, newId(), count(1), context)).toMatchObject({ accepted: true });
  const other = newId();
  const refusal = await process().execute(counter, other, count(1), { ...context, commandHash: "the other's path" });
  expect(refusal).toBeInstanceOf(DomainError);
  expect(refusal).toMatchObject({
    code: "idempotency-key-reused",
    details: { errors: [{ path: "Idempotency-Key", in: "header" }] },
  });
  expect((await process().commands.load(counter, other)).revision).toBe(-1);
});

test("of two contents that two processes are sent at once under one key, one is done", async () => {
  const id = newId();
  const processes = [process(), process()];
  const context = keyed("");
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, n) =>
      processes[n % 2]?.execute(counter, id, count((n % 3) + 1), { ...context, commandHash: `by ${(n % 3) + 1}` }),
    ),
  );
  const { state } = await process().commands.load(counter, id);
  expect([1, 2, 3]).toContain(state);
  for (const [n, answer] of answers.entries())
    expect(answer).toMatchObject(
      (n % 3) + 1 === state ? { accepted: true, state } : { code: "idempotency-key-reused" },
    );
});
