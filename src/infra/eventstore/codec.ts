import { jsonEvent, type EventData, type JSONEventType, type ResolvedEvent } from "@eventstore/db-client";
import { upcast, type DomainEvent, type EventCatalogue, type EventMetadata, type Recorded } from "../../domains/kernel";

/** An event on its way into the log. */
export interface NewEvent {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  readonly metadata: EventMetadata;
}

type StoredEvent = JSONEventType<string, Record<string, unknown>, Uint8Array>;

const UTF_8 = new TextEncoder();

/** Turns events into what the client writes and back; lifts old schema versions to the current ones on the way in. */
export class EventCodec {
  constructor(private readonly catalogue: EventCatalogue) {}

  /** The current schema version of an event type. */
  version(type: string): number {
    const definition = this.catalogue[type];
    if (!definition) throw new Error(`event type ${type} is not in the catalogue`);
    return definition.version;
  }

  encode(event: NewEvent): EventData {
    return jsonEvent<StoredEvent>({
      id: event.id,
      type: event.type,
      data: event.data as Record<string, unknown>,
      // As bytes: the client turns objects into base64 and that, sign by sign and twice, into bytes.
      metadata: UTF_8.encode(JSON.stringify(event.metadata)),
    });
  }

  /** `undefined` for what is not an event of the shop: links to deleted events, foreign types. */
  decode({ event, commitPosition }: ResolvedEvent): Recorded | undefined {
    if (!event?.isJson) return undefined;
    const definition = this.catalogue[event.type];
    if (!definition) return undefined;
    const metadata = event.metadata as EventMetadata | undefined;
    if (!metadata?.commandId) return undefined;
    const data: unknown =
      metadata.schemaVersion === definition.version
        ? event.data
        : upcast(definition, event.data, metadata.schemaVersion);
    const recorded: Recorded<DomainEvent> = {
      id: event.id,
      stream: event.streamId,
      revision: Number(event.revision),
      position: event.position?.commit ?? commitPosition ?? 0n,
      type: event.type,
      data,
      metadata,
      recordedAt: event.created.toISOString(),
    };
    return recorded;
  }
}
