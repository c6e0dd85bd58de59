import { type Recorded } from "../../domains/kernel";

/** What a consumer does with the events; the consumer brings them in order, exactly from where it left off. */
export interface Handler {
  readonly types: readonly string[];
  /**
   * Makes this process the only one to write, and answers the position reached so far. What goes wrong apart from the
   * calls here is told by `interrupt`, and the work is then taken on anew.
   * @throws Fenced
   */
  claim(token: number, interrupt: (error: unknown) => void): Promise<bigint>;
  /** Handles a batch and makes it and the position durable together. @throws PoisonEvent, Fenced */
  handle(events: readonly Recorded[], upTo: bigint): Promise<void>;
  /** Makes a position durable that was reached without events. @throws Fenced */
  checkpoint(position: bigint): Promise<void>;
  /** This process no longer does the work. */
  release?(): Promise<void>;
}
