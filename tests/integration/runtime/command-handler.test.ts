import { EventLog } from "../../../src/infra/eventstore";
import { CommandHandler, newId, type CommandContext } from "../../../src/infra/runtime";
import { counter, counterEvents } from "../../support/counter";
import { startStores, type TestStores } from "../../support/stores";

let stores: TestStores;
let log: EventLog;

beforeAll(async () => {
  stores = await startStores({ need: { eventstore: true } });
  log = new EventLog(stores.eventstoreUrl, counterEvents);
});
afterAll(async () => {
  await log.close();
  await stores.stop();
});

const context = (more: Partial<CommandContext> = {}): CommandContext => {
  const commandId = newId();
  return { commandId, correlationId: commandId, actor: "test", ...more };
};
const count = (by: number, limit?: number) => ({ type: "Count" as const, by, ...(limit !== undefined && { limit }) });
const history = async (id: string) => {
  const events = [];
  for await (const event of log.readStream(`counter-${id}`)) events.push(event);
  return events;
};

describe("command handler", () => {
  test("commands for one aggregate that arrive together are decided one after another, none on old facts", async () => {
    const handler = new CommandHandler(log);
    const id = newId();
    const outcomes = await Promise.all(
      Array.from({ length: 500 }, () => handler.execute(counter, id, count(1, 100), context())),
    );
    expect(outcomes.filter(({ accepted }) => accepted)).toHaveLength(100);
    const states = outcomes.flatMap((outcome) => (outcome.accepted ? [outcome.state] : []));
    expect(states.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
    expect(await history(id)).toHaveLength(100);
    expect(handler.figures.appends).toBeLessThan(20);
  });

  test("several processes on one stream: every command is decided on what really is", async () => {
    const handlers = [0, 1, 2].map(() => new CommandHandler(log, { attempts: 200 }));
    const id = newId();
    const outcomes = await Promise.all(
      Array.from({ length: 150 }, (_, n) => handlers[n % 3]?.execute(counter, id, count(1, 50), context())),
    );
    expect(outcomes.filter((outcome) => outcome?.accepted)).toHaveLength(50);
    expect(await history(id)).toHaveLength(50);
  });

  test("a repeated command answers what it did the first time, also after others have written and after a restart", async () => {
    const handler = new CommandHandler(log);
    const id = newId();
    const first = context();
    const answer = await handler.execute(counter, id, count(3), first);
    await handler.execute(counter, id, count(4), context());
    const again = await handler.execute(counter, id, count(3), first);
    const restarted = await new CommandHandler(log).execute(counter, id, count(3), first);
    expect(answer).toMatchObject({ accepted: true, repeated: false, state: 3, revision: 0 });
    for (const repeat of [again, restarted])
      expect(repeat).toMatchObject({
        accepted: true,
        repeated: true,
        state: 3,
        revision: 0,
        events: [{ type: "Counted", data: { by: 3 } }],
      });
    expect(await history(id)).toHaveLength(2);
  });

  test("the same command twice at once writes once, in one process and in two", async () => {
    const handlers = [new CommandHandler(log), new CommandHandler(log)];
    const id = newId();
    const same = context();
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, n) => handlers[n % 2]?.execute(counter, id, count(5), same)),
    );
    expect(outcomes.every((outcome) => outcome?.accepted && outcome.state === 5)).toBe(true);
    expect(await history(id)).toHaveLength(1);
  });

  test("who decided the same command on other facts at the same moment answers what was written, and goes on from that", async () => {
    const handlers = [new CommandHandler(log), new CommandHandler(log)] as const;
    const id = newId();
    for (const handler of handlers) await handler.load(counter, id);
    const same = context();
    // Two processes that know something else from outside: both have what the command adds in their own way.
    const outcomes = await Promise.all(handlers.map((handler, n) => handler.execute(counter, id, count(n + 1), same)));
    const [event] = await history(id);
    expect(await history(id)).toHaveLength(1);
    const { by } = event?.data as { by: number };
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ accepted: true, state: by, events: [{ data: { by } }], eventIds: [event?.id] });
    for (const handler of handlers) expect((await handler.load(counter, id)).state).toBe(by);
  });

  test("the same command id with other content is refused", async () => {
    const handler = new CommandHandler(log);
    const id = newId();
    const first = context({ commandHash: "a" });
    await handler.execute(counter, id, count(1), first);
    const other = await handler.execute(counter, id, count(2), { ...first, commandHash: "b" });
    expect(other).toMatchObject({ accepted: false, error: { kind: "invalid", code: "idempotency-key-reused" } });
  });

  test("a command on an old revision is refused", async () => {
    const handler = new CommandHandler(log);
    const id = newId();
    await handler.execute(counter, id, count(1), context());
    await new CommandHandler(log).execute(counter, id, count(1), context());
    const stale = await handler.execute(counter, id, count(1), context({ expectedRevision: 0 }));
    expect(stale).toMatchObject({ accepted: false, error: { code: "stale-revision" } });
    const level = await handler.execute(counter, id, count(1), context({ expectedRevision: 1 }));
    expect(level).toMatchObject({ accepted: true, revision: 2 });
  });

  test("a refusal never rests on a state that others have changed meanwhile", async () => {
    const [one, two] = [new CommandHandler(log), new CommandHandler(log)];
    const id = newId();
    await one.execute(counter, id, count(10), context());
    await two.execute(counter, id, count(-10), context());
    const outcome = await one.execute(counter, id, count(5, 10), context());
    expect(outcome).toMatchObject({ accepted: true, state: 5 });
  });

  test("events carry who, why and under which command", async () => {
    const handler = new CommandHandler(log);
    const id = newId();
    const given = context({ actor: "key:stock", reason: "stocktaking", occurredAt: "2011-12-09T12:50:00.000Z" });
    await handler.execute(counter, id, count(1), given);
    const [event] = await history(id);
    expect(event).toMatchObject({
      type: "Counted",
      revision: 0,
      metadata: {
        commandId: given.commandId,
        actor: "key:stock",
        reason: "stocktaking",
        occurredAt: "2011-12-09T12:50:00.000Z",
        schemaVersion: 1,
      },
    });
  });
});
