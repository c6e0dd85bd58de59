import { type DomainError } from "./errors";
import { type DomainEvent } from "./events";

/**
 * The business rules of one aggregate, as pure functions.
 *
 * `decide` answers the facts a command brings about, or why it is refused; an empty list means that the command asks
 * for what already is. It never throws for a business reason and reads no clock and no randomness: time, ids and
 * every fact from outside come in the command. `evolve` folds one fact into the state and never refuses.
 */
export interface Decider<C, E extends DomainEvent, S> {
  readonly initialState: S;
  decide(command: C, state: S): Decision<E>;
  evolve(state: S, event: E): S;
}

export type Decision<E extends DomainEvent> = readonly E[] | DomainError;

/** A decider with the category of its streams (`<category>-<id>`). */
export interface Aggregate<C, E extends DomainEvent, S> extends Decider<C, E, S> {
  readonly category: string;
  /** For streams that grow without end and hold no personal data: how their state is kept, to go on from. */
  readonly snapshot?: SnapshotForm<S>;
}

/** A state as plain JSON and back. What is decoded must behave as what was encoded in every decision and evolution. */
export interface SnapshotForm<S> {
  /** To be raised when `evolve` or the form changes: older snapshots are then as if they were not there. */
  readonly version: number;
  encode(state: S): unknown;
  decode(stored: unknown): S;
}

/** The state after a whole history. */
export function fold<C, E extends DomainEvent, S>(decider: Decider<C, E, S>, history: readonly E[], from?: S): S {
  return history.reduce((state, event) => decider.evolve(state, event), from ?? decider.initialState);
}
