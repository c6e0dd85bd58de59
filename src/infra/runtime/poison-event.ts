import { type Recorded } from "../../domains/kernel";
import { type ConsumerState } from "./consumer-state";

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

  /** As states show it. */
  described(): NonNullable<ConsumerState["error"]> {
    const { message, event, cause, document } = this;
    return {
      message,
      cause: cause instanceof Error ? cause.message : String(cause),
      stream: event.stream,
      revision: event.revision,
      type: event.type,
      position: event.position.toString(),
      eventId: event.id,
      ...(document !== null && { document }),
      ...(cause instanceof Error && cause.stack !== undefined && { stack: cause.stack }),
    };
  }
}
