import { type Recorded } from "../../../src/domains/kernel";
import { EventLog } from "../../../src/infra/eventstore";
import { Leases, MongoStores } from "../../../src/infra/mongo";
import {
  CommandHandler,
  Consumer,
  type Dispatch,
  Failures,
  LogTail,
  newId,
  ProcessWorker,
  type Share,
} from "../../../src/infra/runtime";
import { type AnyProcess } from "../../../src/infra/runtime/process-runner";
import { counter, counterEvents, type CounterCommand } from "../../support/counter";
import { eventually } from "../../support/eventually";
import { startStores, uniquePrefix, type TestStores } from "../../support/stores";
import { counterOf, tally, tallyEvents } from "../../support/tally";

/** ms between two moments at which a process is to be woken. */
const GAP = 150;
const PROCESSES = 15;
const ROUNDS = 8;
const NOBODY = "nobody";
const PREFIXES = ["counter-", "tally-"];

let stores: TestStores;
/** One for all: clients of EventStoreDB that append share more than a process of its own would. */
let log: EventLog;
const mongoPrefix = uniquePrefix();
const instances = new Set<Instance>();
beforeAll(async () => {
  stores = await startStores();
  log = new EventLog(stores.eventstoreUrl, { ...counterEvents, ...tallyEvents });
});
afterAll(async () => {
  await Promise.all([...instances].map((instance) => instance.stop()));
  await log.close();
  await stores.stop();
});

/** Commands that processes have sent, all instances together. */
let sent = 0;

/** Whoever wants the work may try; who gets it, the lease decides. */
const always: Share = {
  mine: true,
  decided: true,
  turn: (signal) => Promise.resolve(signal.aborted ? undefined : new AbortController().signal),
  leave: () => undefined,
};

/** The process worker as each process has it, with database connections, caches and leases of its own. */
class Instance {
  private constructor(
    private readonly mongo: MongoStores,
    private readonly tail: LogTail,
    readonly leases: Leases,
    readonly commands: CommandHandler,
    private readonly consumer: Consumer,
  ) {}

  static async start(): Promise<Instance> {
    const mongo = await MongoStores.connect({ url: stores.mongoUrl, prefix: mongoPrefix, writeConcern: 1 });
    const tail = new LogTail(log, PREFIXES);
    const leases = new Leases(mongo, 1_000);
    const commands = new CommandHandler(log);
    const dispatch: Dispatch = (intent, context) => {
      sent++;
      const command = intent.command as unknown as CounterCommand;
      return commands.execute(counter, counterOf(context.correlationId), command, context);
    };
    const process = tally(GAP) as unknown as AnyProcess;
    const holds = () => leases.holds("counting", process.name);
    const worker = new ProcessWorker(process, { handler: commands, dispatch, stores: mongo, log, holds, report: () => undefined }); // prettier-ignore
    const failures = new Failures(mongo, leases.owner);
    const services = { log, tail, leases, balancer: { join: () => always }, failures, streams: PREFIXES, report: () => undefined }; // prettier-ignore
    const consumer = new Consumer(worker, services, { name: process.name, context: "counting", rhythm: 0 });
    const instance = new Instance(mongo, tail, leases, commands, consumer);
    await tail.start();
    consumer.start();
    instances.add(instance);
    return instance;
  }

  async stop(): Promise<void> {
    instances.delete(this);
    await this.consumer.stop();
    this.leases.stop();
    await this.tail.stop();
    await this.mongo.close();
  }

  private get lease() {
    return this.mongo.collection<{ _id: string; owner: string; expiresAt: Date }>("counting", "leases");
  }
  async holder(): Promise<string | undefined> {
    const owner = (await this.lease.findOne({ _id: "tally" }))?.owner;
    return owner === NOBODY ? undefined : owner;
  }
  /** The lease is there for anybody, and its holder knows nothing of it. */
  async lapse(): Promise<void> {
    await this.lease.updateOne({ _id: "tally" }, { $set: { owner: NOBODY, expiresAt: new Date(0) } });
  }
  timers(): Promise<number> {
    return this.mongo.collection("counting", "timers").countDocuments();
  }
  async read(stream: string): Promise<Recorded[]> {
    const events: Recorded[] = [];
    for await (const event of log.readStream(stream)) events.push(event);
    return events;
  }
}

test("each timer has its effect once while leases change hands unnoticed, and over restarts", async () => {
  let [first, second] = await Promise.all([Instance.start(), Instance.start()]);
  await eventually(() => first.holder());
  const ids = Array.from({ length: PROCESSES }, newId);
  await Promise.all(
    ids.map(async (id) => {
      const context = { commandId: newId(), correlationId: id, actor: "test" };
      const outcome = await first.commands.execute(counter, id, { type: "Count", by: ROUNDS }, context);
      if (!outcome.accepted) throw new Error(outcome.error.message);
    }),
  );
  const holders: (string | undefined)[] = [await first.holder()];
  const changesHands = async () => {
    const before = holders.at(-1);
    for (let holder = before; holder === before;) {
      await first.lapse();
      holder = await eventually(() => first.holder());
      holders.push(holder);
      // At work for a moment before the next change.
      const before = sent;
      await eventually(async () => sent >= before + PROCESSES || (await first.timers()) === 0);
    }
  };
  await changesHands();
  await changesHands();
  await second.stop();
  second = await Instance.start();
  await changesHands();
  await first.stop();
  first = await Instance.start();
  while ((await first.timers()) > 0) await changesHands();
  expect(new Set(holders).size).toBeGreaterThanOrEqual(3);

  for (const id of ids) {
    const woken = (await first.read(`tally-${id}`)).filter(({ type }) => type === "TallyWoken");
    expect(woken.map(({ data }) => data)).toEqual(Array.from({ length: ROUNDS }, (_, n) => ({ name: `round-${n}` })));
    expect(await first.read(`counter-${counterOf(id)}`)).toHaveLength(1 + ROUNDS);
  }
}, 60_000);
