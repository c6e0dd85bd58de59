import { type Recorded } from "../../domains/kernel";

/** An event that cannot be handled; the consumer stops and shows it. */
export class PoisonEvent extends Error {
  constructor(
    readonly event: Recorded,
    cause: unknown,
    /** The document that cannot take it; `null` where it is not one document that the matter is about. */
    readonly document: string | null = null,
  ) {
    super(
      `cannot handle ${event.type} at ${event.stream}@${event.revision}: ` +
        (cause instanceof Error ? cause.message : String(cause)),
      { cause },
    );
    this.name = "PoisonEvent";
  }
}
