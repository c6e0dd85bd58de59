import { Subject } from "rxjs";
import { type HeldLease, type Leases, leaseView, type LeaseView, type MongoStores } from "../mongo";
import { assign, type Unit } from "./assignment";
import { partitionedTarget } from "./partitions";
import { pause } from "./retry";

/** How often it is looked who is there and who does what, in ms; and while work is changing hands. */
const RHYTHM = 1_000;
const CHANGING = 150;

/** One consumer's part in the division of work. */
export interface Share {
  /** Whether the work falls to this process. */
  readonly mine: boolean;
  /** Whether that has been reckoned at all. */
  readonly decided: boolean;
  /**
   * Resolves when the work falls to this process: with a signal that fires when it is to be handed to another.
   * `undefined` when the signal given fires before.
   */
  turn(signal: AbortSignal): Promise<AbortSignal | undefined>;
  /** This process does not want the work any more. */
  leave(): void;
}

/**
 * Divides the work among all workers that are there. Each says what it could work on, sees what the others say and
 * hold, and reckons everyone's share by itself (`assign`): it takes what is free and falls to it, and gives back what
 * falls to another. Whoever sees it wrongly for a moment does no harm: the leases decide.
 */
export class Balancer {
  /** Fires when what falls to this process has changed. */
  readonly changes$ = new Subject<void>();
  private readonly shares = new Map<string, OwnShare>();
  private readonly enrolled = new Map<string, string>();
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private wake: (() => void) | undefined;
  private wanted = false;

  constructor(
    private readonly stores: MongoStores,
    private readonly leases: Leases,
  ) {}

  /** This process could do the work; it is divided anew. */
  join(context: string, name: string): Share {
    const key = keyOf(context, name);
    const share = new OwnShare(context, name, () => {
      if (this.shares.get(key) === share) this.shares.delete(key);
      this.soon();
    });
    this.shares.set(key, share);
    this.soon();
    return share;
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Takes on nothing more. What is held is given back by those who hold it. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake?.();
    await this.running;
    const contexts = [...this.enrolled.keys()];
    this.enrolled.clear();
    await Promise.allSettled(contexts.map((context) => this.leases.resign(context)));
  }

  private soon(): void {
    this.wanted = true;
    this.wake?.();
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      this.wanted = false;
      // A database that is away is asked again after the next pause; until then everybody keeps what he has.
      const changing = await this.divide().catch(() => false);
      if (this.wanted || signal.aborted) {
        await pause(1); // several consumers come together
        continue;
      }
      const woken = new AbortController();
      this.wake = () => woken.abort();
      await pause(changing ? CHANGING : RHYTHM, woken.signal);
      this.wake = undefined;
    }
  }

  /** @returns whether work is about to change hands */
  private async divide(): Promise<boolean> {
    const wants = new Map<string, string[]>();
    for (const { context, name } of this.shares.values()) wants.set(context, [...(wants.get(context) ?? []), name]);
    await this.enroll(wants);
    const views = await Promise.all([...wants.keys()].map((context) => leaseView(this.stores, context)));
    const { owner } = this.leases;
    const units = unitsOf(views);
    const assigned = new Map(reckonedTogether(views).flatMap((together) => [...assign(unitsOf(together))]));
    let changed = false;
    for (const [key, share] of this.shares) changed = share.set(assigned.get(key) === owner) || changed;
    if (changed) this.changes$.next();
    return units.some(({ key, holder }) => holder !== assigned.get(key));
  }

  /** Says anew what has changed; a context in which nothing is wanted any more is left. */
  private async enroll(wants: ReadonlyMap<string, readonly string[]>): Promise<void> {
    const contexts = [...wants.keys()].sort();
    const changes = [...wants].flatMap(([context, names]) => {
      const said = [...names].sort().concat("", contexts).join("\n");
      return this.enrolled.get(context) === said ? [] : [{ context, names, said }];
    });
    const left = [...this.enrolled.keys()].filter((context) => !wants.has(context));
    await Promise.all([
      ...changes.map(async ({ context, names, said }) => {
        await this.leases.enroll(context, names, contexts);
        this.enrolled.set(context, said);
      }),
      ...left.map(async (context) => {
        await this.leases.resign(context);
        this.enrolled.delete(context);
      }),
    ]);
  }
}

/**
 * Views whose work is divided in one reckoning. Workers that see different contexts would come to different results
 * over all that they see, and each might take work to be another's. So it is one reckoning over all contexts where all
 * workers work in the same ones, and else one for each context, which all its workers see alike: any two workers that
 * share a context either see all the same, or both see that they do not.
 */
export function reckonedTogether(views: readonly LeaseView[]): readonly (readonly LeaseView[])[] {
  const sets = new Set(views.flatMap(({ workers }) => workers.map(({ contexts }) => contexts.join("\n"))));
  return sets.size <= 1 ? [views] : views.map((view) => [view]);
}

function unitsOf(views: readonly LeaseView[]): readonly Unit[] {
  const candidates = new Map<string, string[]>();
  for (const { workers } of views)
    for (const { context, owner, wants } of workers)
      for (const name of wants) {
        const key = keyOf(context, name);
        candidates.set(key, [...(candidates.get(key) ?? []), owner]);
      }
  const held = new Map<string, HeldLease>();
  for (const view of views) for (const lease of view.held) held.set(keyOf(lease.context, lease.name), lease);
  return [...candidates].map(([key, owners]) => ({
    key,
    group: partitionedTarget(key),
    candidates: owners,
    holder: held.get(key)?.owner,
  }));
}

const keyOf = (context: string, name: string): string => `${context}.${name}`;

class OwnShare implements Share {
  decided = false;
  private giving: AbortController | undefined;
  private waiting: (() => void) | undefined;

  constructor(
    readonly context: string,
    readonly name: string,
    readonly leave: () => void,
  ) {}

  get mine(): boolean {
    return this.giving !== undefined;
  }

  async turn(signal: AbortSignal): Promise<AbortSignal | undefined> {
    while (!this.giving && !signal.aborted)
      await new Promise<void>((resolve) => {
        const wake = () => {
          signal.removeEventListener("abort", wake);
          this.waiting = undefined;
          resolve();
        };
        this.waiting = wake;
        signal.addEventListener("abort", wake, { once: true });
      });
    return signal.aborted ? undefined : this.giving?.signal;
  }

  /** @returns whether that is new */
  set(mine: boolean): boolean {
    this.decided = true;
    if (mine === this.mine) return false;
    const { giving } = this;
    this.giving = mine ? new AbortController() : undefined;
    giving?.abort();
    if (mine) this.waiting?.();
    return true;
  }
}
