import { type DomainError } from "./errors";
import { type DomainEvent, type Recorded } from "./events";

/** A command that a process wants executed, addressed to an aggregate. */
export interface Intent {
  /** Unique within the process: the command's id derives from it, so sending it again changes nothing. */
  readonly key: string;
  /** Category of the aggregate, e.g. `stock`. */
  readonly category: string;
  readonly id: string;
  /** The aggregate's command without `at`, which the runtime adds when it sends it. */
  readonly command: { readonly type: string } & Readonly<Record<string, unknown>>;
  /** The command makes the aggregate: its stream need not be looked for. */
  readonly creates?: true;
}

/** How a command ended. */
export type Answer = { readonly accepted: true } | { readonly accepted: false; readonly error: DomainError };

/** A moment by which something must have happened. */
export interface Deadline {
  readonly name: string;
  /** ISO 8601 UTC. */
  readonly at: string;
}

/**
 * A process manager: coordinates aggregates of several contexts. It is a decider over the events it listens to and the
 * answers to its commands; its own events are kept in the stream `<category>-<processId>`.
 *
 * It is level-triggered: `wants` names every command not yet answered in the given state, so that after a crash the
 * runtime simply asks again. The runtime runs a process until it wants nothing more, then records its events in one
 * append; a crash before that repeats the commands under the same ids, which changes nothing.
 */
export interface ProcessManager<S, Own extends DomainEvent, Heard extends DomainEvent> {
  readonly name: string;
  readonly category: string;
  readonly context: string;
  readonly events: readonly Heard["type"][];
  /** Those of the events that begin a process: where one is certain to be heard for the first time, the process's
   *  stream is not looked for. */
  readonly starts?: readonly Heard["type"][];
  readonly initialState: S;
  /** The process that the event belongs to; `undefined` when it concerns none. */
  processId(event: Recorded<Heard>): string | undefined;
  /** What the event tells the process; nothing when it says nothing new. */
  react(event: Recorded<Heard>, state: S): readonly Own[];
  evolve(state: S, event: Own): S;
  wants(state: S): readonly Intent[];
  /** What an answer tells the process; must make the intent vanish from `wants`. */
  answered(intent: Intent, answer: Answer, at: string, state: S): readonly Own[];
  /** The next moment to wake up at, if any. */
  deadline(state: S): Deadline | undefined;
  /** What the passing of the deadline tells the process. */
  expired(deadline: Deadline, at: string, state: S): readonly Own[];
}
