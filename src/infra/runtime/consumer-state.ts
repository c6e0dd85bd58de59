import { type Lag } from "./backlog";

export type ConsumerStatus =
  | "starting"
  | "waiting"
  | "outdated"
  | "catching-up"
  | "live"
  /** This process has the work, and a store does not answer; it goes on by itself. */
  | "reconnecting"
  | "failed"
  | "stopped";

export interface ConsumerState {
  readonly status: ConsumerStatus;
  readonly position: bigint;
  readonly lag: Lag;
  /** How often this process has had to begin anew: after an interruption, or at an event that it could not handle. */
  readonly retries?: number;
  readonly error?: {
    readonly message: string;
    /** What went wrong, without the event's name. */
    readonly cause?: string;
    readonly stream?: string;
    readonly revision?: number;
    readonly type?: string;
    readonly position?: string;
    readonly stack?: string;
    readonly eventId?: string;
    /** The document that cannot take the event. */
    readonly document?: string;
    readonly attempts?: number;
    readonly since?: Date;
  };
}
