import { hostname } from "node:os";
import { type Collection } from "mongodb";
import { newId } from "../runtime/ids";
import { isDuplicateKey } from "./duplicate-key";
import { type MongoStores } from "./stores";

/** A process that works, as others see it. */
export interface LeaseHolder {
  /** Made anew by each process. */
  readonly owner: string;
  readonly host: string;
  readonly pid: number;
}

interface LeaseDocument extends LeaseHolder {
  readonly _id: string;
  /** Rises with each change of hands; what is written under an older token is refused. */
  readonly token: number;
  readonly expiresAt: Date;
  /** When it changed hands last. */
  readonly since?: Date;
}

/** A worker's entry among the leases of a context: what it could work on. Renewed with its leases. */
interface WorkerDocument extends LeaseHolder {
  readonly _id: string;
  readonly wants: readonly string[];
  readonly contexts: readonly string[];
  readonly expiresAt: Date;
}

/** A lease that somebody holds. */
export interface HeldLease extends LeaseHolder {
  readonly context: string;
  readonly name: string;
  readonly since: Date | null;
}

/** A worker and what it could work on in one context. */
export interface Worker extends LeaseHolder {
  readonly context: string;
  readonly wants: readonly string[];
  /** All contexts that it works in, sorted. */
  readonly contexts: readonly string[];
}

/** Who works on what at one moment, and who could. */
export interface LeaseView {
  readonly held: readonly HeldLease[];
  readonly workers: readonly Worker[];
}

const NEVER = new Date(0);
/** Entries of workers long gone are removed after this time, in ms. */
const FORGOTTEN = 3_600_000;

/** What this process has in one context. */
interface Kept {
  /** Leases, and when they were last seen to be its own, in ms of its own clock. */
  readonly leases: Map<string, number>;
  /** What it has said that it could work on. */
  entry?: { readonly wants: readonly string[]; readonly contexts: readonly string[] } | undefined;
}

/**
 * Leases of this process: who holds one is the only one to work on what it names. A holder that dies loses it after
 * `ttl` ms, at once where its process is seen to be gone. Time is the database's, so clocks need not agree.
 */
export class Leases {
  readonly owner = newId();
  private readonly contexts = new Map<string, Kept>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly stores: MongoStores,
    private readonly ttl = 6_000,
  ) {}

  /** The fencing token when the lease could be had, `undefined` while another holds it. */
  async acquire(context: string, name: string): Promise<number | undefined> {
    const leases = this.leases(context);
    const asked = performance.now();
    try {
      const held =
        (await leases.findOne({ _id: name })) ??
        (await leases.findOneAndUpdate(
          { _id: name },
          { $setOnInsert: { owner: this.owner, host: hostname(), pid: process.pid, token: 0, expiresAt: NEVER } },
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
              since: { $cond: [{ $eq: ["$owner", this.owner] }, { $ifNull: ["$since", "$$NOW"] }, "$$NOW"] },
              expiresAt: { $add: ["$$NOW", this.ttl] },
              token: { $add: ["$token", 1] },
            },
          },
        ],
        { returnDocument: "after" },
      );
      if (taken) this.keep(context).leases.set(name, asked);
      return taken?.token;
    } catch (error) {
      // Two processes made the first lease at once.
      if (isDuplicateKey(error)) return undefined;
      throw error;
    }
  }

  /**
   * Whether the lease can still be ours: not when it could not be renewed in time, as in a process that was frozen, or
   * was seen to be another's. What is done then is fenced off where it writes, but should not be begun at all.
   */
  holds(context: string, name: string): boolean {
    const seen = this.contexts.get(context)?.leases.get(name);
    return seen !== undefined && performance.now() - seen < this.ttl;
  }

  async release(context: string, name: string): Promise<void> {
    this.contexts.get(context)?.leases.delete(name);
    await this.leases(context).updateOne({ _id: name, owner: this.owner }, { $set: { expiresAt: NEVER } });
  }

  /** Says what this process could work on in a context, and where else it works; said again, only the last counts. */
  async enroll(context: string, wants: readonly string[], contexts: readonly string[]): Promise<void> {
    await this.workers(context).updateOne(
      { _id: workerId(this.owner) },
      [
        {
          $set: {
            owner: this.owner,
            host: hostname(),
            pid: process.pid,
            wants: { $literal: wants },
            contexts: { $literal: contexts },
            expiresAt: { $add: ["$$NOW", this.ttl] },
          },
        },
      ],
      { upsert: true },
    );
    this.keep(context).entry = { wants, contexts };
  }

  /** This process takes on nothing more in the context; leases that it holds go on until they are released. */
  async resign(context: string): Promise<void> {
    const kept = this.contexts.get(context);
    if (kept) kept.entry = undefined;
    await this.workers(context).deleteOne({ _id: workerId(this.owner) });
    const longAgo = { $lt: new Date(Date.now() - FORGOTTEN) };
    await this.workers(context).deleteMany({ wants: { $exists: true }, expiresAt: longAgo });
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** From now on renews what this process has in the context. */
  private keep(context: string): Kept {
    const kept: Kept = this.contexts.get(context) ?? { leases: new Map() };
    this.contexts.set(context, kept);
    this.timer ??= setInterval(() => {
      // A lease that lapses is noticed at the next fenced write at the latest.
      for (const [each, its] of this.contexts) this.renew(each, its).catch(() => undefined);
    }, this.ttl / 3).unref();
    return kept;
  }

  /** Renews every lease of the context that this process holds, and its entry as a worker. */
  private async renew(context: string, kept: Kept): Promise<void> {
    const asked = performance.now();
    const { entry } = kept;
    const before = [...kept.leases.keys()];
    const { matchedCount } = await this.leases(context).updateMany({ owner: this.owner, expiresAt: { $gt: NEVER } }, [
      { $set: { expiresAt: { $add: ["$$NOW", this.ttl] } } },
    ]);
    const complete = matchedCount >= before.length + (entry ? 1 : 0);
    const ours = complete ? before : await this.found(context);
    for (const name of before)
      if (!ours.includes(name)) kept.leases.delete(name);
      else if (kept.leases.has(name)) kept.leases.set(name, asked);
    // Others clear the entry of who was not heard of for long.
    if (entry && !complete && !ours.includes(workerId(this.owner)))
      await this.enroll(context, entry.wants, entry.contexts);
  }

  /** What is still this process's: another may have taken a lease while nothing was heard of it. */
  private async found(context: string): Promise<readonly string[]> {
    const ours = await this.leases(context)
      .find({ owner: this.owner, expiresAt: { $gt: NEVER } }, { projection: { _id: 1 } })
      .toArray();
    return ours.map(({ _id }) => _id);
  }

  private leases(context: string): Collection<LeaseDocument> {
    return this.stores.collection<LeaseDocument>(context, "leases");
  }

  private workers(context: string): Collection<WorkerDocument> {
    return this.stores.collection<WorkerDocument>(context, "leases");
  }
}

const workerId = (owner: string): string => `worker ${owner}`;

/** Who works on what in a context, and who could; whoever asks. Processes seen to be gone are left out. */
export async function leaseView(stores: MongoStores, context: string): Promise<LeaseView> {
  const found = await stores
    .collection<LeaseDocument & WorkerDocument>(context, "leases")
    .find(
      { $expr: { $gt: ["$expiresAt", "$$NOW"] } },
      { projection: { owner: 1, host: 1, pid: 1, since: 1, wants: 1, contexts: 1 } },
    )
    .toArray();
  const held: HeldLease[] = [];
  const workers: Worker[] = [];
  for (const { _id, owner, host, pid, since, wants, contexts } of found) {
    if (isGone({ host, pid })) continue;
    if (wants) workers.push({ context, owner, host, pid, wants, contexts });
    else held.push({ context, name: _id, owner, host, pid, since: since ?? null });
  }
  return { held, workers };
}

/** Only a process on the same host can be seen to be gone; of others nothing is known before the lease lapses. */
function isGone(holder: Pick<LeaseHolder, "host" | "pid">): boolean {
  if (holder.host !== hostname() || holder.pid === process.pid) return false;
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
