import fc from "fast-check";
import { type Document, type DomainEvent, type Projection, type Recorded } from "../../src/domains/kernel";

/** The moment from which made-up events happen, one a second in log order. */
const START = Date.UTC(2026, 0, 1);

/** One aggregate's history: the name of its stream and its events. */
export interface History<E extends DomainEvent = DomainEvent> {
  readonly stream: string;
  readonly events: readonly E[];
}

/** Events as the log would keep them, in the order given; revisions count up within each stream. */
export function log<E extends DomainEvent>(
  ...entries: readonly (readonly [stream: string, event: E])[]
): Recorded<E>[] {
  const revisions = new Map<string, number>();
  return entries.map(([stream, event], index) => {
    const revision = revisions.get(stream) ?? 0;
    revisions.set(stream, revision + 1);
    const time = new Date(START + index * 1000).toISOString();
    const id = `${stream}@${revision}`;
    const metadata = {
      commandId: id,
      correlationId: id,
      causationId: id,
      actor: "key:test",
      schemaVersion: 1,
      occurredAt: time,
    };
    return { ...event, id, stream, revision, position: BigInt(index), metadata, recordedAt: time };
  }) as unknown as Recorded<E>[];
}

/** The documents of a read model after the events, by id: what the runtime does, without stores. */
export function project<D extends Document, E extends DomainEvent>(
  projection: Projection<D, E>,
  events: readonly Recorded<E>[],
): Map<string, D> {
  const documents = new Map<string, D>();
  const lookup = (id: string) => documents.get(id);
  for (const event of events) {
    for (const id of projection.ids(event, lookup)) {
      const next = projection.apply(lookup(id), event, id, lookup);
      if (next === undefined) documents.delete(id);
      else documents.set(id, next);
    }
  }
  return documents;
}

/** The histories one after the other. */
export const inTurn = <E extends DomainEvent>(histories: readonly History<E>[]): [string, E][] =>
  histories.flatMap(({ stream, events }) => events.map((event): [string, E] => [stream, event]));

/** Any order in which the log may have got the events: across streams as it comes, within each stream as written. */
export function interleaved<E extends DomainEvent>(histories: readonly History<E>[]): fc.Arbitrary<[string, E][]> {
  const turns = histories.flatMap((history) => history.events.map(() => history));
  return fc
    .shuffledSubarray(
      turns.map((_, index) => index),
      { minLength: turns.length },
    )
    .map((order) => {
      const taken = new Map<string, number>();
      return order.flatMap((turn): [string, E][] => {
        const history = turns[turn] as History<E>;
        const next = taken.get(history.stream) ?? 0;
        taken.set(history.stream, next + 1);
        const event = history.events[next];
        return event === undefined ? [] : [[history.stream, event]];
      });
    });
}
