import { type Deadline, type Intent, type Recorded } from "../../domains/kernel";
import { messageOf } from "../eventstore";
import { PoisonEvent } from "./poison-event";
import { placeOf, type StuckCause } from "./parked-processes";
import { isStoreAway } from "./store-away";

/** What a process is told. */
export type Input =
  { readonly kind: "event"; readonly event: Recorded } | { readonly kind: "deadline"; readonly deadline: Deadline };

/** What one process is told at once. */
export interface Step {
  readonly processId: string;
  readonly inputs: readonly Input[];
  readonly correlationId: string;
  readonly causationId: string;
  /** Trace that the step belongs to: that of the event which led to it. */
  readonly traceparent?: string | undefined;
  /** It was tried before: nothing is taken for granted. */
  readonly again?: true;
}

/** What passes by itself: the whole batch is repeated, and nobody is set aside. */
export class Passing extends Error {}

/** The process moved on under another worker's hands; the step is tried again from its stream. */
export class ProcessMoved extends Passing {}

/** A command that was not refused but could not be carried out at all. */
export class CommandFailed extends Error {
  constructor(
    readonly intent: Intent,
    cause: unknown,
  ) {
    super(messageOf(cause), { cause });
  }
}

export const eventsOf = (inputs: readonly Input[]): Recorded[] =>
  inputs.flatMap((input) => (input.kind === "event" ? [input.event] : []));

/** Whether the same may succeed the next time. */
export const isPassing = (error: unknown): boolean => error instanceof Passing || isStoreAway(error);

/** Why a process cannot go on, for operators. */
export function causeOf(error: unknown): StuckCause {
  if (error instanceof PoisonEvent)
    return { message: messageOf(error.cause), event: placeOf(error.event), command: null };
  const command = error instanceof CommandFailed ? error.intent : undefined;
  return {
    message: messageOf(error),
    event: null,
    command: command ? { type: command.command.type, stream: `${command.category}-${command.id}` } : null,
  };
}
