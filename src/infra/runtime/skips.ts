import { type ClientSession, type Collection } from "mongodb";
import { type MongoStores } from "../mongo";
import { type WaitingEvent } from "./parked-processes";

/**
 * What an operator has had left out: an event, or what it means to one document. It stays left out whenever the read
 * model is built anew, however it is divided.
 */
export interface SkippedEvent {
  /** `<projection>/<event id>/<document>` */
  readonly _id: string;
  readonly projection: string;
  readonly event: WaitingEvent;
  /** The only document that goes without the event; `null`: the whole event is left out. */
  readonly document: string | null;
  /** Why it could not be handled. */
  readonly cause: string;
  readonly reason: string;
  readonly by: string;
  readonly at: Date;
}

export const skippedEvents = (stores: MongoStores, context: string): Collection<SkippedEvent> =>
  stores.collection<SkippedEvent>(context, "skipped_events");

export const skipId = (projection: string, eventId: string, document: string | null): string =>
  `${projection}/${eventId}/${document ?? ""}`;

/** All that one projection leaves out. */
export class Skips {
  private constructor(
    private readonly projection: string,
    private readonly ids: ReadonlySet<string>,
  ) {}

  static readonly none = new Skips("", new Set<string>());

  static async load(stores: MongoStores, context: string, projection: string, session?: ClientSession): Promise<Skips> {
    const found = await skippedEvents(stores, context)
      .find({ projection }, { projection: { _id: 1 }, ...(session && { session }) })
      .toArray();
    return found.length === 0 ? Skips.none : new Skips(projection, new Set(found.map(({ _id }) => _id)));
  }

  get size(): number {
    return this.ids.size;
  }

  /** Whether the whole event is left out. */
  event({ id }: { readonly id: string }): boolean {
    return this.ids.size > 0 && this.ids.has(skipId(this.projection, id, null));
  }

  /** Whether the document goes without the event. */
  document({ id }: { readonly id: string }, document: string): boolean {
    return this.ids.size > 0 && this.ids.has(skipId(this.projection, id, document));
  }
}
