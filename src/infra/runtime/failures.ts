import { type Collection } from "mongodb";
import { type LeaseHolder, type MongoStores } from "../mongo";
import { type PoisonEvent } from "./poison-event";
import { placeOf, type WaitingEvent } from "./parked-processes";
import { skipId, skippedEvents } from "./skips";

/** Why a projection, or a partition of it, a feed, process or reaction stands still. Any process can look at it. */
export interface FailureDocument {
  /** Its lease: `orders_v1#0of4`. */
  readonly _id: string;
  /** What it is part of: `orders`. */
  readonly work: string;
  readonly event: WaitingEvent;
  /** The document that cannot take the event; `null` where it is not one document that the matter is about. */
  readonly document: string | null;
  readonly cause: string;
  readonly stack: string | null;
  /** How often it has been tried. */
  readonly attempts: number;
  readonly since: Date;
  readonly last: Date;
  readonly owner: LeaseHolder["owner"];
}

/** What an operator decides about something that stands still. */
export interface Verdict {
  readonly kind: "retry" | "skip";
  readonly by: string;
  readonly reason: string | null;
}

/** Which failure is meant: after another attempt it is another one. */
export interface FailureMark {
  readonly context: string;
  readonly unit: string;
  readonly event: string;
  readonly attempts: number;
}

/** Keeps the failures of consumers in the databases of their contexts. */
export class Failures {
  constructor(
    private readonly stores: MongoStores,
    private readonly owner: string,
  ) {}

  /** Notes that it has failed, once more if it is at the same event. */
  async record(context: string, unit: string, work: string, poison: PoisonEvent): Promise<FailureDocument> {
    const event = placeOf(poison.event);
    const { document, cause } = poison;
    const told = {
      work,
      event,
      document,
      cause: cause instanceof Error ? cause.message : String(cause),
      stack: (cause instanceof Error ? cause.stack : undefined) ?? null,
      owner: this.owner,
    };
    const same = { $and: [{ $eq: ["$event.id", event.id] }, { $eq: ["$document", { $literal: document }] }] };
    const written = await this.documents(context).findOneAndUpdate(
      { _id: unit },
      [
        {
          $set: {
            attempts: { $cond: [same, { $add: ["$attempts", 1] }, 1] },
            since: { $cond: [same, "$since", "$$NOW"] },
            last: "$$NOW",
          },
        },
        { $set: Object.fromEntries(Object.entries(told).map(([name, value]) => [name, { $literal: value }])) },
      ],
      { upsert: true, returnDocument: "after" },
    );
    if (!written) throw new Error(`the failure of ${unit} could not be noted`);
    return written;
  }

  /** At which event it stood still last; it may have got over it. */
  async of(context: string, unit: string): Promise<FailureDocument | undefined> {
    return (await this.documents(context).findOne({ _id: unit })) ?? undefined;
  }

  /** It has got over it. */
  async clear(context: string, unit: string): Promise<void> {
    await this.documents(context).deleteOne({ _id: unit });
  }

  /** Leaves the event out from now on, for the document that cannot take it, else altogether. */
  async skip(
    context: string,
    { work, event, document, cause }: FailureDocument,
    { by, reason }: Verdict,
  ): Promise<void> {
    await skippedEvents(this.stores, context).updateOne(
      { _id: skipId(work, event.id, document) },
      { $setOnInsert: { projection: work, event, document, cause, by, reason: reason ?? "", at: new Date() } },
      { upsert: true },
    );
  }

  private documents(context: string): Collection<FailureDocument> {
    return failureDocuments(this.stores, context);
  }
}

export const failureDocuments = (stores: MongoStores, context: string): Collection<FailureDocument> =>
  stores.collection<FailureDocument>(context, "failures");
