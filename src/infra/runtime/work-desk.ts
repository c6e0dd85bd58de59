import { type Collection } from "mongodb";
import { Checkpoints, type HeldLease, leaseView, type MongoStores, readModelPointers } from "../mongo";
import { type FailureDocument, failureDocuments, type FailureMark, type Verdict } from "./failures";
import { newId } from "./ids";
import { RebuildUnderWay } from "./read-model-runner";
import { pause } from "./retry";
import { type SkippedEvent, skippedEvents } from "./skips";

/** What one process asks of whichever process can do it. It means what was the case when it was asked. */
export type WorkRequest =
  | { readonly kind: "settle"; readonly mark: FailureMark; readonly verdict: Verdict }
  /** `generation`: of the read model's pointer. */
  | { readonly kind: "rebuild"; readonly context: string; readonly name: string; readonly generation: number };

interface RequestDocument {
  readonly _id: string;
  readonly request: WorkRequest;
  readonly by: string;
  readonly expiresAt: Date;
}

/** Who works on what, how far it is and what stands still, by context and lease: `storefront.products_v1`. */
export interface Outlook {
  /** As the database has them: up to some seconds old where nothing happens. */
  readonly checkpoints: ReadonlyMap<string, bigint>;
  readonly owners: ReadonlyMap<string, HeldLease>;
  readonly failures: ReadonlyMap<string, FailureDocument>;
}

export const NO_OUTLOOK: Outlook = { checkpoints: new Map(), owners: new Map(), failures: new Map() };

/** Nobody wants to be surprised by what was asked for this long ago, in ms. */
const LIFETIME = 600_000;
/** How often it is looked what others ask for, in ms; half as often by a process that looks into many databases. */
const POLL = 500;
const FEW = 3;

/** What operators see of the work of contexts, whoever does it, and how they ask for something. */
export class WorkDesk {
  private readonly indexed = new Set<string>();

  constructor(
    private readonly stores: MongoStores,
    private readonly contexts: readonly string[],
  ) {}

  async outlook(): Promise<Outlook> {
    const each = await Promise.all(
      this.contexts.map(async (context) => {
        const [{ held }, failures, checkpoints] = await Promise.all([
          leaseView(this.stores, context),
          failureDocuments(this.stores, context).find().toArray(),
          new Checkpoints(this.stores).collection(context).find().toArray(),
        ]);
        return { context, held, failures, checkpoints };
      }),
    );
    return {
      checkpoints: new Map(
        each.flatMap(({ context, checkpoints }) =>
          checkpoints.map(({ _id, position }) => [`${context}.${_id}`, BigInt(position)]),
        ),
      ),
      owners: new Map(each.flatMap(({ context, held }) => held.map((lease) => [`${context}.${lease.name}`, lease]))),
      failures: new Map(each.flatMap(({ context, failures }) => failures.map((one) => [`${context}.${one._id}`, one]))),
    };
  }

  /** Why the work stands still, in each of its parts. */
  failures(context: string, work: string): Promise<readonly FailureDocument[]> {
    return failureDocuments(this.stores, context).find({ work }).sort({ _id: 1 }).toArray();
  }

  /** What is left out, the latest first. */
  skipped(context: string, projection: string): Promise<readonly SkippedEvent[]> {
    return skippedEvents(this.stores, context).find({ projection }).sort({ at: -1, _id: 1 }).limit(1_000).toArray();
  }

  settle(mark: FailureMark, verdict: Verdict): Promise<void> {
    return this.ask(mark.context, { kind: "settle", mark, verdict }, verdict.by);
  }

  /** @returns false where nobody has built it yet. @throws RebuildUnderWay */
  async rebuild(context: string, name: string, by: string): Promise<boolean> {
    const pointer = await readModelPointers(this.stores, context).findOne({ _id: name });
    if (!pointer) return false;
    if (pointer.building !== undefined) throw new RebuildUnderWay(`${name} is being rebuilt already`);
    await this.ask(context, { kind: "rebuild", context, name, generation: pointer.generation }, by);
    return true;
  }

  /** Hands over what is asked for, again and again while it is not out of date, until the signal fires. */
  async follow(heed: (request: WorkRequest) => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(this.contexts.length > FEW ? 2 * POLL : POLL, signal);
      if (signal.aborted) return;
      const asked = await Promise.all(this.contexts.map((context) => this.askedOf(context)));
      for (const { request } of asked.flat()) await heed(request).catch(() => undefined);
    }
  }

  private async askedOf(context: string): Promise<readonly RequestDocument[]> {
    return this.requests(context)
      .find({ expiresAt: { $gt: new Date() } })
      .sort({ expiresAt: 1 })
      .toArray()
      .catch(() => []); // a database that is away is asked again
  }

  private async ask(context: string, request: WorkRequest, by: string): Promise<void> {
    const requests = this.requests(context);
    if (!this.indexed.has(context)) {
      await requests.createIndex({ expiresAt: 1 }, { expireAfterSeconds: 0 });
      this.indexed.add(context);
    }
    await requests.insertOne({ _id: newId(), request, by, expiresAt: new Date(Date.now() + LIFETIME) });
  }

  private requests(context: string): Collection<RequestDocument> {
    return this.stores.collection<RequestDocument>(context, "work_requests");
  }
}
