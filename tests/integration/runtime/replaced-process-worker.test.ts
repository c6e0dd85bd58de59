import { conflict, type Recorded } from "../../../src/domains/kernel";
import { EventLog } from "../../../src/infra/eventstore";
import { Fenced, MongoStores } from "../../../src/infra/mongo";
import { CommandHandler, type Dispatch, newId, type Outcome, ProcessWorker } from "../../../src/infra/runtime";
import { type AnyProcess } from "../../../src/infra/runtime/process-runner";
import { type TimerDocument } from "../../../src/infra/runtime/process-timers";
import { counter, counterEvents } from "../../support/counter";
import { eventually } from "../../support/eventually";
import { startStores, uniquePrefix, type TestStores } from "../../support/stores";
import { tally, tallyEvents } from "../../support/tally";

/* A worker that was held up while another took its place, and then goes on, as after having been frozen. */

let stores: TestStores;
let log: EventLog;
let mongo: MongoStores;
let commands: CommandHandler;
const workers: ProcessWorker[] = [];

beforeAll(async () => {
  stores = await startStores();
  log = new EventLog(stores.eventstoreUrl, { ...counterEvents, ...tallyEvents });
  commands = new CommandHandler(log);
});
beforeEach(async () => {
  mongo = await MongoStores.connect({ url: stores.mongoUrl, prefix: uniquePrefix(), writeConcern: 1 });
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.release()));
  await mongo.close();
});
afterAll(async () => {
  await log.close();
  await stores.stop();
});

/** Commands of one worker: held up until they are answered. */
class Held {
  readonly asked: string[] = [];
  private readonly waiting: ((outcome: Outcome) => void)[] = [];
  readonly dispatch: Dispatch = (intent) => {
    this.asked.push(intent.key);
    return new Promise((resolve) => this.waiting.push(resolve));
  };
  answer(outcome: Outcome): void {
    for (const resolve of this.waiting.splice(0)) resolve(outcome);
  }
}
const YES: Outcome = {
  accepted: true,
  repeated: false,
  events: [],
  eventIds: [],
  state: undefined,
  revision: 0,
  position: 0n,
};
const NO: Outcome = { accepted: false, error: conflict("refused", "It was refused.") };
const answering =
  (outcome: Outcome): Dispatch =>
  () =>
    Promise.resolve(outcome);

function worker(dispatch: Dispatch, { holds = (): boolean => true } = {}): ProcessWorker {
  // Each as in a process of its own.
  const handler = new CommandHandler(log);
  const made = new ProcessWorker(tally(0) as unknown as AnyProcess, { handler, dispatch, stores: mongo, log, holds, report: () => undefined }); // prettier-ignore
  workers.push(made);
  return made;
}
const ignored = () => undefined;

/** Counts, and answers the event of it. */
async function count(id: string, by: number): Promise<Recorded> {
  const commandId = newId();
  const outcome = await commands.execute(counter, id, { type: "Count", by }, { commandId, correlationId: commandId, actor: "test" }); // prettier-ignore
  if (!outcome.accepted) throw new Error(outcome.error.message);
  const [event] = await read(`counter-${id}`, outcome.revision);
  if (!event) throw new Error("the event is not there");
  return event;
}
async function read(stream: string, from = 0): Promise<Recorded[]> {
  const events: Recorded[] = [];
  for await (const event of log.readStream(stream, from)) events.push(event);
  return events;
}
const timers = () => mongo.collection<TimerDocument>("counting", "timers").find().toArray();

test("it learns what the other has recorded, and takes no record of the other's for its own", async () => {
  const id = newId();
  const first = await count(id, -1);
  const held = new Held();
  const before = worker(answering(YES));
  const after = worker(held.dispatch);
  await before.claim(1, ignored);
  await after.claim(2, ignored);
  const handled = after.handle([first], first.position);
  await eventually(() => held.asked.length === 1);
  // The one before has had another answer to the same command, and records as much at the same revision.
  await expect(before.handle([first], first.position)).rejects.toThrow(Fenced);
  held.answer(NO);
  await handled;
  const second = await count(id, -1);
  const again = after.handle([second], second.position);
  await eventually(() => held.asked.length === 2);
  held.answer(YES);
  await again;
  expect((await read(`tally-${id}`)).map(({ type, data }) => [type, data])).toMatchObject([
    ["TallyHeard", { known: "" }],
    ["TallyAnswered", { answer: "yes" }],
    ["TallyHeard", { known: "yes" }],
    ["TallyAnswered", { answer: "yes" }],
  ]);
});

test("it touches no timer any more; a timer that it has let fire does not fire again", async () => {
  const id = newId();
  const event = await count(id, 1);
  const held = new Held();
  const before = worker(held.dispatch);
  const lost = jest.fn();
  await before.claim(1, lost);
  const handled = before.handle([event], event.position);
  await eventually(() => held.asked.length === 1);
  held.answer(YES);
  await handled;
  await eventually(() => held.asked.length === 2);
  const due = await timers();
  expect(due).toMatchObject([{ processId: id, name: "round-0" }]);

  const after = worker(answering(YES));
  await after.claim(2, ignored);
  await after.release();
  held.answer(YES);
  await eventually(() => lost.mock.calls.length > 0);
  expect(lost).toHaveBeenCalledWith(expect.any(Fenced));
  expect(await timers()).toEqual(due);

  await worker(answering(YES)).claim(3, ignored);
  await eventually(async () => (await timers()).length === 0);
  const woken = (await read(`tally-${id}`)).filter(({ type }) => type === "TallyWoken");
  expect(woken).toMatchObject([{ data: { name: "round-0" } }]);
});

test("it wakes nobody once its lease may have lapsed, and takes its work on anew", async () => {
  const id = newId();
  const event = await count(id, 1);
  const before = worker(answering(YES), { holds: () => false });
  const lost = jest.fn();
  await before.claim(1, lost);
  await before.handle([event], event.position);
  await eventually(() => lost.mock.calls.length > 0);
  expect(lost).toHaveBeenCalledWith(expect.any(Fenced));
  expect((await read(`tally-${id}`)).map(({ type }) => type)).toEqual(["TallyHeard", "TallyAnswered"]);
});
