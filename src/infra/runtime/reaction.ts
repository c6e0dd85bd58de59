import { type Recorded } from "../../domains/kernel";

/** Why a command is sent, and under which key. */
export interface CommandCause {
  readonly key: string;
  readonly correlationId: string;
  readonly causationId: string;
  readonly actor: string;
  readonly traceparent?: string | undefined;
}

/**
 * Does something outside the shop when an event happens (asks a payment provider, tells another system). Events of
 * one stream are handled in order; after a crash some are handled again, so `react` must be repeatable.
 */
export interface Reaction {
  readonly name: string;
  readonly context: string;
  readonly events: readonly string[];
  react(event: Recorded): Promise<void>;
}
