import { type FollowedState, type WorkerState } from "../api/operations";
import { type DomainEvent, type Intent, streamId } from "../domains/kernel";
import { EventLog, EventLogUnavailable } from "../infra/eventstore";
import { Leases, MongoStores } from "../infra/mongo";
import { type MasterKeys, People } from "../infra/privacy";
import {
  AnswerMemory,
  Balancer,
  type CommandContext,
  CommandHandler,
  type ConsumerServices,
  deriveId,
  Failures,
  LogTail,
  type Open,
  orElse,
  type Outcome,
  pause,
  ProcessDesk,
  type Reaction,
  ReadModels,
  type RunnerState,
  Snapshots,
  WorkDesk,
} from "../infra/runtime";
import { catalogueOf, categoriesOf, writableBy, type AnyAggregate, type Context, type SendCommand } from "./context";
import { Followers } from "./followers";
import { Operator } from "./operator";
import { type EngineOptions, ownOf } from "./options";
import { processWorkers, readModelRunners, type Runners, stateOf, type Workers } from "./own-work";
import { codeFingerprint, snapshotHomes } from "./snapshot-homes";
import { followedStates } from "./work-elsewhere";

/** How long a store is waited for when the engine stops, in ms; and for connections to be closed. */
const STOP_PATIENCE = 5_000;
const CLOSE_PATIENCE = 1_000;

/** Databases that are no context's alone: API keys and who is there; the keys of people. */
const SHARED = ["operations", "keys"];

/** The running engine: commands in, read models out. */
export class Engine {
  readonly models: ReadModels;
  readonly runners: Runners;
  readonly workers: Workers;
  /** What operators see of processes, and ask for. */
  readonly processes: ProcessDesk;
  /** How commands of each context of this process were answered that left no events. */
  readonly answers: ReadonlyMap<string, AnswerMemory>;
  readonly operator: Operator;
  private readonly aggregates: ReadonlyMap<string, AnyAggregate>;
  private readonly followers: Followers;
  private readonly balancer: Balancer;

  private constructor(
    private readonly options: EngineOptions,
    readonly log: EventLog,
    readonly stores: MongoStores,
    readonly tail: LogTail,
    private readonly leases: Leases,
    readonly commands: CommandHandler,
    readonly snapshots: Snapshots,
  ) {
    const { contexts, report } = options;
    const own = ownOf(options);
    const personal = new Set(
      contexts.flatMap(({ projections, feeds }) =>
        [...projections, ...feeds]
          .filter(({ events }) => events.some((type: string) => log.codec.personal.isPersonal(type)))
          .map(({ context, name }) => `${context}.${name}`),
      ),
    );
    const open: Open = (value) => log.codec.personal.openValue(value);
    this.models = new ReadModels(stores, (name) => (personal.has(name) ? open : undefined));
    this.answers = new Map(own.map(({ name }) => [name, new AnswerMemory(stores, name, options.answersKeptDays)]));
    this.processes = new ProcessDesk(
      stores,
      own.flatMap((context) => [...context.processes, ...this.reactionsOf(context)]),
    );
    this.aggregates = new Map(
      contexts.flatMap(({ aggregates }) => aggregates.map((aggregate) => [aggregate.category, aggregate] as const)),
    );
    const streams = categoriesOf(contexts).map((category) => `${category}-`);
    this.balancer = new Balancer(stores, leases);
    const services: ConsumerServices = {
      log,
      tail,
      leases,
      balancer: this.balancer,
      failures: new Failures(stores, leases.owner),
      streams,
      report,
    };
    this.runners = readModelRunners(options, stores, this.models, services);
    const { dispatch } = this;
    const reactionsOf = (context: Context) => this.reactionsOf(context);
    this.workers = processWorkers(options, { commands, dispatch, stores, log, leases, services, reactionsOf });
    const desk = new WorkDesk(
      stores,
      own.map(({ name }) => name),
    );
    this.operator = new Operator(desk, this, (message, details) => report("info", message, details));
    const types = own.flatMap(({ projections, feeds }) =>
      [...projections, ...feeds].map(({ context, name, events }) => [`${context}.${name}`, events] as const),
    );
    this.followers = new Followers(stores, this.models, this.runners, tail, new Map(types), this.balancer);
  }

  /** Connects to both stores and starts the work. */
  static async start(options: EngineOptions): Promise<Engine> {
    const { mongoUrl, mongoUrls, mongoPrefix, writeConcern, only, onCommand, timings } = options;
    const stores = await MongoStores.connect({
      url: mongoUrl,
      urls: mongoUrls,
      only: only && [...only, ...SHARED],
      onCommand,
      times: timings?.database,
      ...(mongoPrefix !== undefined && { prefix: mongoPrefix }),
      ...(writeConcern !== undefined && { writeConcern }),
    });
    const people = options.masterKeys && (await opened(stores, options.masterKeys));
    const log = new EventLog(
      options.eventstoreUrl,
      catalogueOf(options.contexts),
      people,
      only && writableBy(ownOf(options)),
      timings?.append,
    );
    const streams = categoriesOf(options.contexts).map((category) => `${category}-`);
    const tail = new LogTail(log, streams);
    const snapshots = new Snapshots(stores, {
      home: snapshotHomes(options.contexts, ownOf(options)),
      code: codeFingerprint(),
      every: options.snapshotEvery ?? 50,
      report: (message, details) => options.report("warn", message, details),
    });
    const { cacheSize } = options;
    const commands = new CommandHandler(log, { snapshots, ...(cacheSize !== undefined && { cacheSize }) });
    const engine = new Engine(options, log, stores, tail, new Leases(stores, options.leaseTtl), commands, snapshots);
    engine.hearOfForgotten();
    await tail.start();
    await Promise.all([...engine.runners.values()].map((runner) => runner.start()));
    await engine.followers.start();
    for (const { consumer } of engine.workers.values()) consumer.start();
    engine.balancer.start();
    engine.operator.start();
    return engine;
  }

  /** The keys of people; `undefined` without master keys. */
  get people(): People | undefined {
    return this.log.codec.personal.people;
  }

  /** Destroys the key of a person who is forgotten, and what is remembered here of their requests. May be repeated. */
  readonly forget = async (subject: string): Promise<void> => {
    await this.people?.destroy(subject);
    await this.forgetAnswers(subject);
  };

  /** Drops how requests of a person were answered by the contexts of this process. */
  private readonly forgetAnswers = async (subject: string): Promise<void> => {
    await Promise.all([...this.answers.values()].map((answers) => answers.forget(subject)));
  };

  /** Whoever forgets a person, this process drops what it has of them as soon as the log tells of it. */
  private hearOfForgotten(): void {
    this.people?.forgotten$.subscribe((subject) => {
      this.commands.forget(subject);
      for (const model of this.models.all()) model.forget();
    });
    this.tail.listen("PersonForgotten", ({ stream }) => this.people?.forgotten(streamId(stream)));
  }

  /** The aggregate of a stream category. */
  aggregate(category: string): AnyAggregate | undefined {
    return this.aggregates.get(category);
  }

  /** Sends a command to the aggregate that an intent names. */
  readonly dispatch = (intent: Intent, context: CommandContext): Promise<Outcome> => {
    const aggregate = this.aggregates.get(intent.category);
    if (!aggregate) throw new Error(`no aggregate has streams of category ${intent.category}`);
    const command = { ...intent.command, at: new Date().toISOString() };
    return this.commands.execute<unknown, DomainEvent, unknown>(aggregate, intent.id, command, context);
  };

  /**
   * Waits until every read model worked on here has all that the log has now.
   * @returns false when it took longer than `timeout` ms
   */
  async level(timeout: number): Promise<boolean> {
    const head = await this.log.endPosition();
    const models = [...this.runners.values()].map(({ context, name }) => this.models.get(context, name));
    const reached = await Promise.all(models.map((model) => model.waitFor(head, timeout)));
    return reached.every(Boolean);
  }

  get readModelStates(): readonly RunnerState[] {
    return [...this.runners.values()].map(({ state }) => state);
  }

  get workerStates(): readonly WorkerState[] {
    return [...this.workers.values()].map(stateOf);
  }

  /** What other processes work on. */
  get followedStates(): readonly FollowedState[] {
    return followedStates(ownOf(this.options), this.models, this.runners, this.workers);
  }

  /**
   * Stops taking in work, finishes what is under way, makes positions durable and disconnects. Where a store does not
   * answer that is given up after a while: nothing is lost by it, as by a crash, but the leases have to lapse.
   */
  async stop(patience = STOP_PATIENCE): Promise<void> {
    const late = new AbortController();
    const finished = this.finish().then(() => true);
    finished.catch(() => undefined);
    const inTime = await Promise.race([finished, pause(patience, late.signal).then(() => false)]);
    late.abort();
    if (!inTime) this.options.report("warn", "stopped before all was finished: a store does not answer", {});
    // What was given up did not get as far as the log.
    await orElse(Promise.all([this.log.close(), this.stores.close()]), CLOSE_PATIENCE, undefined);
  }

  private async finish(): Promise<void> {
    await Promise.all([this.balancer.stop(), this.operator.stop()]);
    await Promise.all([
      ...[...this.workers.values()].map(({ consumer }) => consumer.stop()),
      ...[...this.runners.values()].map((runner) => runner.stop()),
      this.followers.stop(),
    ]);
    this.leases.stop();
    await this.tail.stop();
    await this.log.close();
    await this.snapshots.settled();
    await this.people?.flush().catch(() => undefined); // the person is not found by it
  }

  /** What the contexts do outside the shop, by this engine's means. */
  private reactionsOf({ reactions }: Context): readonly Reaction[] {
    return reactions(this.send, this.forget, this.forgetAnswers);
  }

  private readonly send: SendCommand = async (category, id, command, cause) => {
    const { key, correlationId, causationId, actor, traceparent } = cause;
    const outcome = await this.dispatch(
      { key, category, id, command },
      {
        commandId: deriveId(category, id, key),
        correlationId,
        causationId,
        actor,
        ...(traceparent !== undefined && { traceparent }),
      },
    );
    if (outcome.accepted) return { accepted: true };
    if (outcome.error.code === "contention") throw new EventLogUnavailable(outcome.error.message);
    return { accepted: false, code: outcome.error.code, message: outcome.error.message };
  };
}

/** Without the keys nothing goes; the database is let go of again. */
async function opened(stores: MongoStores, masterKeys: MasterKeys): Promise<People> {
  try {
    return await People.open(stores, masterKeys);
  } catch (error) {
    await stores.close();
    throw error;
  }
}
