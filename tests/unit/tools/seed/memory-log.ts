import { type Aggregate, conflict, DomainError, type DomainEvent, fold } from "../../../../src/domains/kernel";
import { type CommandContext } from "../../../../src/infra/runtime/command";
import { type Execute } from "../../../../src/tools/seed";

interface Written {
  readonly commandId: string;
  readonly event: DomainEvent;
}

/** The rules of the command side over a map of streams: a repeated command writes nothing, nor does a stale one. */
export class MemoryLog {
  readonly streams = new Map<string, Written[]>();
  commands = 0;
  underWay = 0;
  mostUnderWay = 0;
  /** Commands that are executed before the next one fails, as if the store had gone. */
  left = Infinity;

  readonly execute: Execute = async (aggregate, id, command, context) => {
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
    await new Promise((resolve) => setImmediate(resolve));
    this.underWay--;
    if (this.left-- <= 0) throw new Error("the log cannot be reached");
    this.commands++;
    return this.decide(aggregate, id, command, context);
  };

  get events(): { readonly stream: string; readonly event: DomainEvent }[] {
    return [...this.streams].flatMap(([stream, written]) => written.map(({ event }) => ({ stream, event })));
  }

  /** The stream's events, whatever wrote them. */
  of(stream: string): DomainEvent[] {
    return (this.streams.get(stream) ?? []).map(({ event }) => event);
  }

  private decide<C, E extends DomainEvent, S>(
    aggregate: Aggregate<C, E, S>,
    id: string,
    command: C,
    { commandId, expectedRevision }: CommandContext,
  ) {
    const stream = `${aggregate.category}-${id}`;
    const written = this.streams.get(stream) ?? [];
    const state = fold(aggregate, this.of(stream) as E[]);
    const revision = written.length - 1;
    const answer = { accepted: true, eventIds: [], state, revision, position: BigInt(this.commands) } as const;
    if (written.some((earlier) => earlier.commandId === commandId)) return { ...answer, repeated: true, events: [] };
    if (expectedRevision !== undefined && expectedRevision !== revision) return conflict("stale-revision", "Stale.");
    const events = aggregate.decide(command, state);
    if (events instanceof DomainError) return events;
    if (events.length > 0) this.streams.set(stream, [...written, ...events.map((event) => ({ commandId, event }))]);
    return { ...answer, repeated: false, events };
  }
}
