import { type z } from "zod";

/** A fact: its type (a verb in the past tense, unique in the whole shop) and its data (plain JSON). */
export interface DomainEvent<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly data: Data;
}

/** What every event carries beside its data. */
export interface EventMetadata {
  /** The command that caused the event; a repeated command is recognised by it. */
  readonly commandId: string;
  /** One id over everything that follows from one request. */
  readonly correlationId: string;
  /** The event or command that directly led to this one. */
  readonly causationId: string;
  /** Who: `shopper:<id>`, `key:<name>`, `process:<name>`, `import:<source>`. */
  readonly actor: string;
  readonly schemaVersion: number;
  /** When it happened in the business, ISO 8601 UTC; imports keep the original time. */
  readonly occurredAt: string;
  /** Fingerprint of the command's content: the same command id with other content is refused. */
  readonly commandHash?: string;
  /** W3C trace context. */
  readonly traceparent?: string;
  /** Why, in a person's words, where one was given. */
  readonly reason?: string;
  /** Whose personal data the stream holds: a name that only the key of that person leads back to them. */
  readonly person?: string;
}

/** An event as the log keeps it. Distributes over a union, so that `type` still discriminates `data`. */
export type Recorded<E extends DomainEvent = DomainEvent> = E extends DomainEvent
  ? {
      readonly id: string;
      readonly stream: string;
      /** Place in its stream, from 0. */
      readonly revision: number;
      /** Place in the log (commit position). */
      readonly position: bigint;
      readonly type: E["type"];
      readonly data: E["data"];
      readonly metadata: EventMetadata;
      /** When the log took it, ISO 8601 UTC. */
      readonly recordedAt: string;
    }
  : never;

/** One event type: the schema of its current version, and how each older version's data becomes the next one's. */
export interface EventDefinition<Schema extends z.ZodType = z.ZodType> {
  /** Category of the streams that it is written to. */
  readonly category: string;
  readonly version: number;
  readonly schema: Schema;
  /** Key: the version it upgrades from. Pure; chained until the current version is reached. */
  readonly upcasters?: Readonly<Record<number, (old: never) => unknown>>;
  /**
   * For the release that brings the version, which runs beside one that cannot read it: what is written meanwhile. The
   * release after it drops this. Not for events with personal data.
   */
  readonly stillWrites?: StillWrites;
}

/** An older version that is still written. `lower` is pure, and the upcasters take what it gives. */
export interface StillWrites {
  readonly version: number;
  readonly lower: (present: never) => unknown;
}

export type EventCatalogue = Readonly<Record<string, EventDefinition>>;

/** The union of events that a catalogue defines. */
export type EventsOf<C extends EventCatalogue> = {
  [T in keyof C & string]: DomainEvent<T, z.output<C[T]["schema"]>>;
}[keyof C & string];

type Uncategorised = Readonly<Record<string, Omit<EventDefinition, "category">>>;
type Categorised<C extends Uncategorised> = { readonly [T in keyof C]: C[T] & { readonly category: string } };

/** Declares the event types of the streams `<category>-<id>`; keeps the literal types. */
export function defineEvents<const C extends Uncategorised>(category: string, types: C): Categorised<C> {
  const entries = Object.entries(types).map(([type, definition]) => [type, { category, ...definition }]);
  return Object.fromEntries(entries) as Categorised<C>;
}

/** An event that newer code has written: what does not know it must not read it as if it did. */
export class NewerVersion extends Error {
  /** @param known the newest version that is known here; `undefined`: the whole type is not */
  constructor(version: number, known: number | undefined) {
    super(
      known === undefined
        ? "the event's type is not known here: upgrade"
        : `version ${version} is newer than version ${known}, which is known here: upgrade`,
    );
    this.name = "NewerVersion";
  }
}

/**
 * Lifts data written under an older schema version to the current one.
 * @throws NewerVersion for a newer one
 */
export function upcast(definition: EventDefinition, data: unknown, version: number): unknown {
  if (version > definition.version) throw new NewerVersion(version, definition.version);
  let current = data;
  for (let from = version; from < definition.version; from++) {
    const lift = definition.upcasters?.[from] as ((old: unknown) => unknown) | undefined;
    if (!lift) throw new Error(`no upcaster from version ${from} to ${from + 1}`);
    current = lift(current);
  }
  return current;
}

/** The id behind a stream's name: all after the first `-`. */
export function streamId(stream: string): string {
  return stream.slice(stream.indexOf("-") + 1);
}

/** The category of a stream: all before the first `-`. */
export function streamCategory(stream: string): string {
  const dash = stream.indexOf("-");
  return dash < 0 ? stream : stream.slice(0, dash);
}
