import { type Aggregate, type DomainError, type DomainEvent, type Recorded } from "../domains/kernel";
import { type Accepted, type CommandContext, type Idle, isSameContent, keyReused } from "../infra/runtime";

/**
 * The first answer to a command that has been executed before, from its aggregate's history; `undefined` when it has
 * not. A refusal when its content was another then.
 * @param idle what is remembered of it, where it found nothing to change
 */
export async function firstAnswer<C, E extends DomainEvent, S>(
  history: AsyncIterable<Recorded>,
  aggregate: Aggregate<C, E, S>,
  { commandId, commandHash }: CommandContext,
  idle?: Idle,
): Promise<Accepted<E, S> | DomainError | undefined> {
  let state = aggregate.initialState;
  let last: { readonly state: S; readonly event: Recorded | undefined } | undefined;
  const events: E[] = [];
  const eventIds: string[] = [];
  if (idle && idle.idleAt < 0) last = { state, event: undefined };
  for await (const event of history) {
    state = aggregate.evolve(state, event as unknown as E);
    if (event.revision === idle?.idleAt) last = { state, event };
    if (event.metadata.commandId !== commandId) continue;
    last = { state, event };
    events.push({ type: event.type, data: event.data } as E);
    eventIds.push(event.id);
  }
  if (!last) return undefined;
  const { revision = -1, position = -1n, metadata } = last.event ?? {};
  const hash = events.length > 0 ? metadata?.commandHash : commandHash;
  if (!isSameContent(commandHash, hash)) return keyReused();
  return { accepted: true, repeated: true, events, eventIds, state: last.state, revision, position };
}
