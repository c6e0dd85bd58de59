import {
  type Aggregate,
  conflict,
  DomainError,
  type DomainEvent,
  fold,
  type Recorded,
} from "../../../../src/domains/kernel";
import { type Accepted, type CommandContext } from "../../../../src/infra/runtime";
import { type CommandPort } from "../../../../src/api/backoffice/command-port";

/** What is called before a command is decided; may execute others meanwhile, or throw as a crash would. */
export type Before = (stream: string, command: { readonly type: string }) => Promise<void> | void;

/** Runs deciders over histories in memory, with repeated commands recognised and every await a chance for others. */
export class MemoryPort implements CommandPort {
  readonly streams = new Map<string, Recorded[]>();
  clock = Date.parse("2026-01-01T00:00:00.000Z");
  before: Before = () => undefined;
  private written = 0n;

  readonly now = () => new Date(this.clock).toISOString();

  async *history(stream: string): AsyncIterable<Recorded> {
    await Promise.resolve();
    yield* [...(this.streams.get(stream) ?? [])];
  }

  readonly execute = async <C, E extends DomainEvent, S>(
    aggregate: Aggregate<C, E, S>,
    id: string,
    command: C,
    context: CommandContext,
  ): Promise<Accepted<E, S> | DomainError> => {
    const stream = `${aggregate.category}-${id}`;
    await this.before(stream, command as { type: string });
    await Promise.resolve();
    const history = this.streams.get(stream) ?? [];
    const revision = history.length - 1;
    const ours = history.filter(({ metadata }) => metadata.commandId === context.commandId);
    const last = ours.at(-1);
    if (last) {
      if (last.metadata.commandHash !== context.commandHash) return conflict("idempotency-key-reused", "Reused.");
      const state = fold(aggregate, history.slice(0, last.revision + 1) as unknown as E[]);
      const events = ours as unknown as E[];
      return {
        accepted: true,
        repeated: true,
        events,
        eventIds: [],
        state,
        revision: last.revision,
        position: last.position,
      };
    }
    if (context.expectedRevision !== undefined && context.expectedRevision !== revision) {
      return conflict("stale-revision", "Stale.");
    }
    const before = fold(aggregate, history as unknown as E[]);
    const decision = aggregate.decide(command, before);
    if (decision instanceof DomainError) return decision;
    this.streams.set(stream, [
      ...history,
      ...decision.map((event, n) => this.recorded(stream, revision + 1 + n, event, context)),
    ]);
    return {
      accepted: true,
      repeated: false,
      events: decision,
      eventIds: [],
      state: fold(aggregate, decision, before),
      revision: revision + decision.length,
      position: this.written,
    };
  };

  private recorded(stream: string, revision: number, event: DomainEvent, context: CommandContext): Recorded {
    const { commandId, commandHash, correlationId, actor, causationId = commandId } = context;
    const hash = commandHash === undefined ? {} : { commandHash };
    return {
      id: `${commandId}/${revision}`,
      stream,
      revision,
      position: ++this.written,
      type: event.type,
      data: event.data,
      metadata: { commandId, correlationId, causationId, actor, schemaVersion: 1, occurredAt: this.now(), ...hash },
      recordedAt: this.now(),
    };
  }
}
