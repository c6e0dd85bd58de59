import { type DomainError, type DomainEvent } from "../../domains/kernel";

/** What surrounds a command: who, why, and under which ids. */
export interface CommandContext {
  /** Identifies the command; a repeated id is answered with what it did the first time. */
  readonly commandId: string;
  /** Fingerprint of the command's content, so that the same id with other content can be refused. */
  readonly commandHash?: string;
  readonly correlationId: string;
  /** The event or command that led to this one; the command itself when absent. */
  readonly causationId?: string;
  readonly actor: string;
  /** Whose the event is that led to this command: whatever personal the command brings is theirs, if nobody else's. */
  readonly person?: string | undefined;
  /** When it happened in the business (ISO 8601); now when absent. */
  readonly occurredAt?: string;
  readonly reason?: string;
  readonly traceparent?: string;
  /** The caller's revision of the aggregate (If-Match); refused with `stale-revision` when it is not the present one. */
  readonly expectedRevision?: number;
  /** The stream is expected to be new: saves the look; a stream that exists after all is found by the append. */
  readonly assumeNew?: boolean;
}

export interface Accepted<E extends DomainEvent = DomainEvent, S = unknown> {
  readonly accepted: true;
  /** The command had been executed before; nothing was written now. */
  readonly repeated: boolean;
  readonly events: readonly E[];
  /** The ids of the events. */
  readonly eventIds: readonly string[];
  /** The aggregate's state right after the command, also when it is repeated later. */
  readonly state: S;
  readonly revision: number;
  /** Log position that a reader must have reached to see the command's effect. */
  readonly position: bigint;
}

export interface Refused {
  readonly accepted: false;
  readonly error: DomainError;
}

export type Outcome<E extends DomainEvent = DomainEvent, S = unknown> = Accepted<E, S> | Refused;

/** Figures for the metrics, counted since the start. */
export interface CommandFigures {
  commands: number;
  refusals: number;
  /** Answered with what they did the first time. */
  repeats: number;
  appends: number;
  /** Events in these appends. */
  events: number;
  /** How many appends held the events of 1, 2, 3 to 4, 5 to 8, … commands. */
  readonly batches: number[];
  /** Appends that another writer was faster than; the commands were decided again. */
  conflicts: number;
  /** Streams read from their beginning. */
  reloads: number;
}
