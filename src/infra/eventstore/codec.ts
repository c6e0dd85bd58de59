import { jsonEvent, type EventData, type JSONEventType, type ResolvedEvent } from "@eventstore/db-client";
import { upcast, type DomainEvent, type EventCatalogue, type EventMetadata, type Recorded } from "../../domains/kernel";
import { type People, PersonalData, type SealedEvents, type Whom } from "../privacy";

/** An event on its way into the log. */
export interface NewEvent {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  readonly metadata: EventMetadata;
}

/** What becomes of an event in the log. */
export interface WrittenEvent {
  readonly version: number;
  readonly data: unknown;
  /** Not what it was before, where an older version is still written that says less. */
  readonly event: DomainEvent;
}

type StoredEvent = JSONEventType<string, Record<string, unknown>, Uint8Array>;

const UTF_8 = new TextEncoder();

/**
 * Turns events into what the client writes and back; lifts old schema versions to the current ones on the way in.
 * Personal data is sealed by `seal` before, and stays sealed until `open`: what only moves events on, such as a
 * projection, needs no keys and cannot lose what it does not see.
 */
export class EventCodec {
  readonly personal: PersonalData;
  /** Data of older versions as it was written: it is opened before it is lifted. */
  private readonly asWritten = new WeakMap<Recorded, unknown>();

  /** @param people without them nothing personal can be written, and what is sealed stays sealed */
  constructor(
    private readonly catalogue: EventCatalogue,
    people?: People,
  ) {
    this.personal = new PersonalData(catalogue, people);
    // What is personal is marked in the present schema alone.
    for (const [type, { stillWrites }] of Object.entries(catalogue))
      if (stillWrites && this.personal.isPersonal(type))
        throw new Error(`${type} holds personal data: an older version of it cannot be written`);
  }

  /** The events as they are to be stored in a stream, their personal data sealed; each time anew. */
  seal(
    stream: string,
    events: readonly NewEvent[],
    whom: Whom,
  ): SealedEvents<NewEvent> | Promise<SealedEvents<NewEvent>> {
    return this.personal.seal(stream, events, whom);
  }

  /** The event with its personal data opened; a person who is forgotten reads as such. @throws SealBroken */
  open(event: Recorded): Recorded | Promise<Recorded> {
    const data = this.asWritten.get(event);
    if (data === undefined) return this.personal.open(event);
    const opened = this.personal.open({ ...event, data } as Recorded);
    return opened instanceof Promise ? opened.then((each) => this.lifted(each)) : this.lifted(opened);
  }

  /** Several at once. */
  openAll(events: readonly Recorded[]): Promise<readonly Recorded[]> {
    return Promise.all(events.map((event) => this.open(event)));
  }

  /** The event as it is to be written, and as it will be read again. */
  written(event: DomainEvent): WrittenEvent {
    const definition = this.catalogue[event.type];
    if (!definition) throw new Error(`event type ${event.type} is not in the catalogue`);
    const { stillWrites, version } = definition;
    if (!stillWrites) return { version, data: event.data, event };
    const data = stillWrites.lower(event.data as never);
    return {
      version: stillWrites.version,
      data,
      event: { type: event.type, data: upcast(definition, data, stillWrites.version) },
    };
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
    const isPresent = metadata.schemaVersion === definition.version;
    const data: unknown = isPresent ? event.data : upcast(definition, event.data, metadata.schemaVersion);
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
    if (!isPresent && metadata.person !== undefined) this.asWritten.set(recorded, event.data);
    return recorded;
  }

  private lifted(event: Recorded): Recorded {
    const definition = this.catalogue[event.type];
    return definition ? { ...event, data: upcast(definition, event.data, event.metadata.schemaVersion) } : event;
  }
}
