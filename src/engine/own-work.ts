import { type WorkerState } from "../api/operations";
import { type EventLog } from "../infra/eventstore";
import { type Leases, type MongoStores } from "../infra/mongo";
import { ProviderUnavailable } from "../infra/payments";
import {
  type CommandHandler,
  Consumer,
  type Committed,
  type ConsumerServices,
  type Dispatch,
  FeedWriter,
  type Handler,
  type Part,
  ProcessWorker,
  ProjectionWriter,
  type Reaction,
  ReactionWorker,
  ReadModelRunner,
  type ReadModels,
} from "../infra/runtime";
import { type Acting, type AnyFeed, type AnyProcess, type AnyProjection, type Context } from "./context";
import { type EngineOptions, isWanted, ownOf } from "./options";
import { partitionsOf } from "./partition-counts";

export type Runners = ReadonlyMap<string, ReadModelRunner>;

/** A process manager or a reaction that this process may work on. */
export interface Worker {
  readonly consumer: Consumer;
  readonly kind: Acting["kind"];
}
export type Workers = ReadonlyMap<string, Worker>;

/** One worker as the operations API shows it. */
export const stateOf = ({ consumer: { name, context, state }, kind }: Worker): WorkerState => ({
  name,
  context,
  kind,
  state,
});

/** What keeps the read models and feeds up to date that were chosen for this process. */
export function readModelRunners(
  options: EngineOptions,
  stores: MongoStores,
  models: ReadModels,
  services: ConsumerServices,
): Runners {
  const runners = new Map<string, ReadModelRunner>();
  const add = (
    kind: "projection" | "feed",
    spec: AnyProjection | AnyFeed,
    writer: (target: string, committed: Committed, part: Part) => Handler,
  ) => {
    const { name, context, version } = spec;
    // Known to all that ask for it, also where another process works on it.
    const model = models.get(context, name);
    if (!isWanted(options, spec)) return;
    const partitions = partitionsOf(spec, options.partitions);
    const runner = new ReadModelRunner({ name, context, version, kind, partitions, writer }, stores, services, model);
    runners.set(`${context}.${name}`, runner);
  };
  for (const { projections, feeds } of ownOf(options)) {
    for (const projection of projections)
      add("projection", projection, (target, committed, part) => new ProjectionWriter(stores, projection, target, committed, part)); // prettier-ignore
    for (const feed of feeds)
      add("feed", feed, (target, committed, part) => new FeedWriter(stores, feed, target, committed, part));
  }
  return runners;
}

/** With what workers act upon what they hear. */
export interface Means {
  readonly commands: CommandHandler;
  readonly dispatch: Dispatch;
  readonly stores: MongoStores;
  readonly log: EventLog;
  readonly leases: Leases;
  readonly services: ConsumerServices;
  /** Built with the engine's means of sending commands. */
  reactionsOf(context: Context): readonly Reaction[];
}

/** The processes and reactions that were chosen for this process. */
export function processWorkers(options: EngineOptions, means: Means): Workers {
  const { commands, dispatch, stores, log, leases, services } = means;
  const workers = new Map<string, Worker>();
  const add = (kind: Worker["kind"], work: AnyProcess | Reaction, handler: (common: Common) => Handler) => {
    if (!isWanted(options, work)) return;
    const { name, context } = work;
    const common: Common = {
      stores,
      log,
      holds: () => leases.holds(context, name),
      report: (message, details) => options.report("warn", message, details),
    };
    const consumer = new Consumer(handler(common), services, { name, context, rhythm: 0, maxBatch: 256 });
    workers.set(`${context}.${name}`, { consumer, kind });
  };
  const isTransient = (error: unknown) => error instanceof ProviderUnavailable;
  for (const context of ownOf(options)) {
    for (const process of context.processes)
      add("process", process, (common) => new ProcessWorker(process, { ...common, handler: commands, dispatch }));
    for (const reaction of means.reactionsOf(context))
      add("reaction", reaction, (common) => new ReactionWorker(reaction, { ...common, isTransient }));
  }
  return workers;
}

interface Common {
  readonly stores: MongoStores;
  readonly log: EventLog;
  holds(): boolean;
  report(message: string, details: object): void;
}
