import { MaxAppendSizeExceededError } from "@eventstore/db-client";
import {
  conflict,
  DomainError,
  invalid,
  type Aggregate,
  type DomainEvent,
  type EventMetadata,
} from "../../domains/kernel";
import { beginBatchSpan, isTracing, within } from "../observability/tracing";
import { EventLogUnavailable, keysAway, type NewEvent, type WrittenEvent } from "../eventstore";
import { type AggregateCache, type LatestCommand, type LoadedAggregate } from "./aggregate-cache";
import { type CommandContext, type Outcome } from "./command";
import { type CommandTrace } from "./command-memory";
import { eventId, isSameContent, newId } from "./ids";
import { keyReused } from "./key-reused";
import { backoff, pause } from "./retry";
import { type HistoryServices, StreamHistory } from "./stream-history";

export interface LaneServices extends HistoryServices {
  readonly cache: AggregateCache;
  readonly attempts: number;
  idle(): void;
}

interface Pending {
  readonly command: unknown;
  readonly context: CommandContext;
  resolve(outcome: Outcome): void;
  reject(error: unknown): void;
}

/** Commands decided together at most; with events of some hundred bytes their append stays far below 1 MiB. */
const MAX_BATCH = 200;

type Verdict =
  | { readonly pending: Pending; readonly kind: "events"; readonly events: readonly DomainEvent[]; readonly eventIds: readonly string[]; readonly first: number; readonly state: unknown }
  | { readonly pending: Pending; readonly kind: "nothing"; readonly revision: number; readonly state: unknown }
  | { readonly pending: Pending; readonly kind: "repeated"; readonly trace: CommandTrace }
  | { readonly pending: Pending; readonly kind: "refused"; readonly error: DomainError }; // prettier-ignore

interface Round {
  readonly verdicts: readonly Verdict[];
  readonly append: readonly NewEvent[];
  readonly state: unknown;
  readonly traces: readonly (readonly [string, CommandTrace])[];
  readonly latest: LatestCommand | undefined;
}

/** The queue of commands for one stream. One round at a time: decide all that wait, append once, answer each. */
export class StreamLane {
  private queue: Pending[] = [];
  private running = false;
  private readonly history: StreamHistory;

  constructor(
    private readonly stream: string,
    private readonly aggregate: Aggregate<unknown, DomainEvent, unknown>,
    private readonly services: LaneServices,
  ) {
    this.history = new StreamHistory(stream, aggregate, services);
  }

  submit(command: unknown, context: CommandContext): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.queue.push({ command, context, resolve, reject });
      if (!this.running) void this.run();
    });
  }

  /** The aggregate with everything the log has of it. */
  async current(): Promise<LoadedAggregate> {
    const cached = this.services.cache.get(this.stream);
    const current = await (cached ? this.history.refresh(cached) : this.history.load());
    if (current.revision >= 0) this.services.cache.set(this.stream, current);
    return current;
  }

  private async run(): Promise<void> {
    this.running = true;
    let size = MAX_BATCH;
    while (this.queue.length > 0) {
      const batch = this.queue.splice(0, size);
      try {
        await this.process(batch);
        size = MAX_BATCH;
      } catch (error) {
        this.services.cache.drop(this.stream);
        if (isTooLarge(error) && batch.length > 1) {
          this.queue.unshift(...batch);
          size = Math.ceil(batch.length / 2);
        } else if (isTooLarge(error)) {
          batch[0]?.resolve({ accepted: false, error: invalid("too-large", "The command's events exceed 1 MiB.") });
        } else {
          for (const pending of batch) pending.reject(error);
        }
      }
    }
    this.running = false;
    this.services.idle();
  }

  private async process(batch: readonly Pending[]): Promise<void> {
    const { cache, figures, attempts } = this.services;
    const cached = cache.get(this.stream);
    const assumeNew = !cached && batch.every(({ context }) => context.assumeNew);
    let fresh = !cached && !assumeNew;
    let loaded = cached ?? (assumeNew ? this.history.empty() : await this.history.load());
    for (let attempt = 0; attempt < attempts; attempt++) {
      const round = this.decide(batch, loaded);
      if (round.append.length === 0) {
        if (!fresh) {
          // What is kept may be behind the log, and a refusal must not rest on old facts.
          const current = await this.later(loaded);
          fresh = true;
          if (current.revision !== loaded.revision) {
            loaded = current;
            continue;
          }
          loaded = current;
        }
        cache.set(this.stream, loaded);
        return this.settle(round, loaded);
      }
      const sealed = this.seal(round.append, loaded.person, batch);
      const { events, person } = sealed instanceof Promise ? await sealed.catch(this.keysAway) : sealed;
      const result = await this.append(events, loaded.revision);
      if (result.ok) {
        count(figures, round);
        const { commands } = loaded;
        for (const [id, trace] of round.traces) commands.set(id, trace);
        const { state, latest } = round;
        const { revision, position } = result;
        const after = { state, revision, position, eventId: events.at(-1)?.id, commands, latest, person };
        cache.set(this.stream, after);
        this.services.snapshots?.offer(this.stream, this.aggregate, after);
        return this.settle(round, after);
      }
      figures.conflicts++;
      loaded = await this.later(loaded);
      fresh = true;
    }
    const error = conflict("contention", "Too many writers at once changed this; nothing was done. Try again.");
    for (const pending of batch) pending.resolve({ accepted: false, error });
  }

  /** Decides each command on the state that the ones before it leave. */
  private decide(batch: readonly Pending[], loaded: LoadedAggregate): Round {
    let { state, revision } = loaded;
    const verdicts: Verdict[] = [];
    const append: NewEvent[] = [];
    const id = newId();
    const traces = new Map<string, CommandTrace>();
    let { latest } = loaded;
    for (const pending of batch) {
      const { command, context } = pending;
      const trace = loaded.commands.get(context.commandId) ?? traces.get(context.commandId);
      if (trace) {
        verdicts.push(
          isSameContent(context.commandHash, trace.hash)
            ? { pending, kind: "repeated", trace }
            : { pending, kind: "refused", error: keyReused() },
        );
        continue;
      }
      if (context.expectedRevision !== undefined && context.expectedRevision !== revision) {
        verdicts.push({ pending, kind: "refused", error: staleRevision(context.expectedRevision, revision) });
        continue;
      }
      const decision = this.aggregate.decide(command, state);
      if (decision instanceof DomainError) {
        verdicts.push({ pending, kind: "refused", error: decision });
      } else if (decision.length === 0) {
        verdicts.push({ pending, kind: "nothing", revision, state });
      } else {
        const first = revision + 1;
        const written = decision.map((event) => this.services.log.codec.written(event));
        const events = written.map(({ event }) => event);
        const eventIds = written.map((_, index) => eventId(context, id, index));
        for (const [index, each] of written.entries()) {
          append.push(this.envelope(each, eventIds[index] ?? newId(), context));
          state = this.aggregate.evolve(state, each.event);
        }
        revision += events.length;
        traces.set(context.commandId, { first, last: revision, hash: context.commandHash });
        verdicts.push({ pending, kind: "events", events, eventIds, first, state });
        latest = { id: context.commandId, events, eventIds, state };
      }
    }
    return { verdicts, append, state, traces: [...traces], latest };
  }

  private envelope({ event, version, data }: WrittenEvent, id: string, context: CommandContext): NewEvent {
    const metadata: EventMetadata = {
      commandId: context.commandId,
      correlationId: context.correlationId,
      causationId: context.causationId ?? context.commandId,
      actor: context.actor,
      schemaVersion: version,
      occurredAt: context.occurredAt ?? new Date().toISOString(),
      ...(context.commandHash !== undefined && { commandHash: context.commandHash }),
      ...(context.traceparent !== undefined && { traceparent: context.traceparent }),
      ...(context.reason !== undefined && { reason: context.reason }),
    };
    return { id, type: event.type, data, metadata };
  }

  private readonly keysAway = (error: unknown): never => {
    throw keysAway(this.stream, error);
  };

  /** Personal data is the stream's person's, whoever writes; in a new stream that of whom it is about. */
  private seal(events: readonly NewEvent[], stream: string | undefined, batch: readonly Pending[]) {
    const cause = stream ?? batch.map(({ context }) => context.person).find((person) => person !== undefined);
    return this.services.log.codec.seal(this.stream, events, { stream, cause });
  }

  /** An append that is cut off may have happened: it is repeated under the same ids, which the log recognises. */
  private async append(events: readonly NewEvent[], expected: number) {
    const span = isTracing()
      ? beginBatchSpan("append", "producer", events.map(({ metadata }) => metadata.traceparent), {
          "millrace.category": this.aggregate.category,
          "millrace.events": events.length,
        }) // prettier-ignore
      : undefined;
    return within(span, () => this.appendSurely(events, expected));
  }

  private async appendSurely(events: readonly NewEvent[], expected: number) {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.services.log.append(this.stream, events, expected);
      } catch (error) {
        if (!(error instanceof EventLogUnavailable) || isTooLarge(error) || attempt >= 4) throw error;
        await pause(backoff(attempt));
      }
    }
  }

  private settle(round: Round, after: LoadedAggregate): void {
    const { figures } = this.services;
    for (const verdict of round.verdicts) {
      const { resolve } = verdict.pending;
      switch (verdict.kind) {
        case "events":
          resolve({
            accepted: true,
            repeated: false,
            events: verdict.events,
            eventIds: verdict.eventIds,
            state: verdict.state,
            revision: verdict.first + verdict.events.length - 1,
            position: after.position,
          });
          break;
        case "nothing": {
          const { state, revision } = verdict;
          resolve({
            accepted: true,
            repeated: false,
            events: [],
            eventIds: [],
            state,
            revision,
            position: after.position,
          });
          break;
        }
        case "repeated":
          figures.repeats++;
          this.history
            .recall(verdict.pending.context.commandId, verdict.trace, after)
            .then(resolve, verdict.pending.reject);
          break;
        case "refused":
          figures.refusals++;
          resolve({ accepted: false, error: verdict.error });
          break;
      }
    }
  }

  /** With what others have written since. */
  private later(loaded: LoadedAggregate): Promise<LoadedAggregate> {
    return loaded.revision < 0 ? this.history.load() : this.history.refresh(loaded);
  }
}

function count(figures: LaneServices["figures"], { append, verdicts }: Round): void {
  figures.appends++;
  figures.events += append.length;
  const size = Math.ceil(Math.log2(verdicts.filter(({ kind }) => kind === "events").length));
  figures.batches[size] = (figures.batches[size] ?? 0) + 1;
}

const isTooLarge = (error: unknown): boolean =>
  error instanceof EventLogUnavailable && error.cause instanceof MaxAppendSizeExceededError;

const staleRevision = (expected: number, actual: number) =>
  conflict("stale-revision", "It was changed since you read it. Read it again and decide anew.", { expected, actual });
