import { hostname } from "node:os";
import { MongoServerError } from "mongodb";
import { newId } from "../runtime/ids";
import { type MongoStores } from "./stores";

interface LeaseDocument {
  readonly _id: string;
  readonly owner: string;
  readonly host: string;
  readonly pid: number;
  /** Rises with each change of hands; what is written under an older token is refused. */
  readonly token: number;
  readonly expiresAt: Date;
}

const DUPLICATE_KEY = 11_000;

/**
 * Leases of this process: who holds one is the only one to work on what it names. A holder that dies loses it after
 * `ttl` ms, at once where its process is seen to be gone. Time is the database's, so clocks need not agree.
 */
export class Leases {
  readonly owner = newId();
  /** Context → when its leases were last seen to be ours (ms of the process's own clock). */
  private readonly contexts = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly stores: MongoStores,
    private readonly ttl = 6_000,
  ) {}

  /** The fencing token when the lease could be had, `undefined` while another holds it. */
  async acquire(context: string, name: string): Promise<number | undefined> {
    const leases = this.stores.collection<LeaseDocument>(context, "leases");
    const asked = performance.now();
    try {
      const held =
        (await leases.findOne({ _id: name })) ??
        (await leases.findOneAndUpdate(
          { _id: name },
          { $setOnInsert: { owner: this.owner, host: hostname(), pid: process.pid, token: 0, expiresAt: new Date(0) } },
          { upsert: true, returnDocument: "after" },
        ));
      const gone = held && held.owner !== this.owner && isGone(held) ? held.owner : this.owner;
      const taken = await leases.findOneAndUpdate(
        { _id: name, $or: [{ owner: gone }, { $expr: { $lt: ["$expiresAt", "$$NOW"] } }] },
        [
          {
            $set: {
              owner: this.owner,
              host: hostname(),
              pid: process.pid,
              expiresAt: { $add: ["$$NOW", this.ttl] },
              token: { $add: ["$token", 1] },
            },
          },
        ],
        { returnDocument: "after" },
      );
      if (taken) this.keep(context, asked);
      return taken?.token;
    } catch (error) {
      // Two processes made the first lease at once.
      if (error instanceof MongoServerError && error.code === DUPLICATE_KEY) return undefined;
      throw error;
    }
  }

  /**
   * Whether leases of the context can still be ours: not when they could not be renewed in time, as in a process that
   * was frozen. What it does then is fenced off where it writes, but should not be begun at all.
   */
  holds(context: string): boolean {
    const seen = this.contexts.get(context);
    return seen !== undefined && performance.now() - seen < this.ttl;
  }

  async release(context: string, name: string): Promise<void> {
    await this.stores
      .collection<LeaseDocument>(context, "leases")
      .updateOne({ _id: name, owner: this.owner }, { $set: { expiresAt: new Date(0) } });
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Renews every lease of the context that this process holds. */
  private keep(context: string, asked: number): void {
    this.contexts.set(context, Math.max(asked, this.contexts.get(context) ?? 0));
    this.timer ??= setInterval(() => {
      const renewed = performance.now();
      for (const each of this.contexts.keys())
        this.stores
          .collection<LeaseDocument>(each, "leases")
          .updateMany({ owner: this.owner, expiresAt: { $gt: new Date(0) } }, [
            { $set: { expiresAt: { $add: ["$$NOW", this.ttl] } } },
          ])
          .then(
            () => this.contexts.set(each, renewed),
            () => undefined,
          ); // a lease that lapses is noticed at the next fenced write
    }, this.ttl / 3).unref();
  }
}

/** Only a process on the same host can be seen to be gone; of others nothing is known before the lease lapses. */
function isGone(lease: LeaseDocument): boolean {
  if (lease.host !== hostname() || lease.pid === process.pid) return false;
  try {
    process.kill(lease.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
