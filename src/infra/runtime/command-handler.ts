import { type Aggregate, type DomainEvent } from "../../domains/kernel";
import { type EventLog } from "../eventstore";
import { beginSpan, isTracing, within } from "../observability/tracing";
import { AggregateCache } from "./aggregate-cache";
import { type CommandContext, type CommandFigures, type Outcome } from "./command";
import { type Snapshots } from "./snapshots";
import { StreamLane } from "./stream-lane";

export interface CommandHandlerOptions {
  /** Aggregates kept in memory. */
  readonly cacheSize?: number;
  /** How often a lost race is decided again before the command is refused with `contention`. */
  readonly attempts?: number;
  /** Without them a stream that is not in memory is read from its beginning. */
  readonly snapshots?: Snapshots | undefined;
}

const noFigures = (): CommandFigures => ({
  commands: 0,
  refusals: 0,
  repeats: 0,
  appends: 0,
  events: 0,
  batches: [],
  conflicts: 0,
  reloads: 0,
});

/**
 * Executes commands: load → decide → append. Commands for one stream queue up in a lane and are decided one after
 * another in memory; what has queued up while an append was under way goes into the next one together.
 */
export class CommandHandler {
  readonly figures = noFigures();
  private readonly cache: AggregateCache;
  private readonly attempts: number;
  private readonly snapshots: Snapshots | undefined;
  private readonly lanes = new Map<string, StreamLane>();

  constructor(
    private readonly log: EventLog,
    options: CommandHandlerOptions = {},
  ) {
    const isForgotten = (person: string) => log.codec.personal.people?.known(person) === null;
    this.cache = new AggregateCache(options.cacheSize ?? 10_000, isForgotten);
    this.attempts = options.attempts ?? 10;
    this.snapshots = options.snapshots;
  }

  /**
   * Executes one command on one aggregate.
   * @throws EventLogUnavailable when the log cannot be reached; the command may then be repeated under the same id
   */
  execute<C, E extends DomainEvent, S>(
    aggregate: Aggregate<C, E, S>,
    id: string,
    command: C,
    context: CommandContext,
  ): Promise<Outcome<E, S>> {
    this.figures.commands++;
    const stream = `${aggregate.category}-${id}`;
    let lane = this.lanes.get(stream);
    if (!lane) {
      lane = this.lane(stream, aggregate, () => this.lanes.delete(stream));
      this.lanes.set(stream, lane);
    }
    const kind = isTracing() ? (command as { readonly type?: unknown } | undefined)?.type : undefined;
    if (typeof kind !== "string") return lane.submit(command, context) as Promise<Outcome<E, S>>;
    const span = beginSpan(`command ${kind}`, "internal", context.traceparent, {
      "millrace.category": aggregate.category,
    });
    const traced = span === undefined ? context : { ...context, traceparent: span.traceparent };
    return within(span, () => (lane as StreamLane).submit(command, traced)) as Promise<Outcome<E, S>>;
  }

  /** The aggregate's state as this process last saw it, if it is still kept; other processes may have moved it on. */
  peek<C, E extends DomainEvent, S>(aggregate: Aggregate<C, E, S>, id: string): S | undefined {
    return this.kept(aggregate, id)?.state;
  }

  /** The same with its revision. */
  kept<C, E extends DomainEvent, S>(
    aggregate: Aggregate<C, E, S>,
    id: string,
  ): { readonly state: S; readonly revision: number; readonly person?: string | undefined } | undefined {
    return this.cache.get(`${aggregate.category}-${id}`) as { state: S; revision: number; person?: string } | undefined;
  }

  /** A person is forgotten: what is kept of them is dropped, and read again without their data. */
  forget(person: string): void {
    this.cache.dropPerson(person);
  }

  /** The position of the newest event in the log. */
  endPosition(): Promise<bigint> {
    return this.log.endPosition();
  }

  /** The aggregate as the log has it now, with its revision (−1: it does not exist). */
  async load<C, E extends DomainEvent, S>(
    aggregate: Aggregate<C, E, S>,
    id: string,
  ): Promise<{ state: S; revision: number; position: bigint; person?: string | undefined }> {
    const lane = this.lane(`${aggregate.category}-${id}`, aggregate, () => undefined);
    const { state, revision, position, person } = await lane.current();
    return { state: state as S, revision, position, person };
  }

  private lane<C, E extends DomainEvent, S>(
    stream: string,
    aggregate: Aggregate<C, E, S>,
    idle: () => void,
  ): StreamLane {
    const { log, cache, figures, attempts, snapshots } = this;
    const services = { log, cache, figures, attempts, snapshots, idle };
    return new StreamLane(stream, aggregate as Aggregate<unknown, DomainEvent, unknown>, services);
  }
}
