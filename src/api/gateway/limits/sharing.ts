import { type Limiter, type NamedBucket } from "./limiter";

/** Counts that gateways share; see `SharedCounts` in infra/mongo. */
export interface Counts {
  add(
    counted: readonly { readonly name: string; readonly window: number; readonly count: number }[],
    now?: number,
  ): Promise<readonly number[]>;
}

/** How often gateways tell each other, in ms: so long one may not know what the others let in. */
const RHYTHM = 1_000;
/** Callers told of at once; with more, the busiest go first. */
const AT_ONCE = 2_000;

/**
 * Lets several gateways keep one limit. Each decides by itself, without asking anybody, and takes out of its buckets
 * what the others have let in since: a caller who spreads requests over gateways gets at most one second's worth more.
 */
export class LimitSharing {
  private readonly seen = new WeakMap<NamedBucket, { readonly window: number; readonly others: number; readonly own: number }>(); // prettier-ignore
  private readonly timer: NodeJS.Timeout;
  private sharing: Promise<void> | undefined;
  private failing = false;

  constructor(
    private readonly limiter: () => Limiter,
    private readonly counts: Counts,
    private readonly report: (message: string, details: object) => void,
    rhythm = RHYTHM,
  ) {
    this.timer = setInterval(() => {
      this.sharing ??= this.share().finally(() => (this.sharing = undefined));
    }, rhythm).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.sharing;
  }

  private async share(): Promise<void> {
    const limiter = this.limiter();
    if (limiter.isOff) return;
    const used = [...limiter.all()]
      .map((named) => ({ named, count: named.bucket.report() }))
      .filter(({ count }) => count > 0)
      .toSorted((a, b) => b.count - a.count)
      .slice(0, AT_ONCE);
    if (used.length === 0) return;
    const now = Date.now();
    try {
      const totals = await this.counts.add(
        used.map(({ named: { name, bucket }, count }) => ({ name, window: bucket.rate.seconds, count })),
        now,
      );
      used.forEach(({ named, count }, index) => this.note(named, count, totals[index] ?? 0, now));
      this.failing = false;
    } catch (error) {
      // Each gateway still keeps the limit for itself.
      if (!this.failing) this.report("limits cannot be shared with other gateways now", { err: error });
      this.failing = true;
    }
  }

  /** What the others have taken in this window beyond what was known of them. */
  private note(named: NamedBucket, count: number, total: number, now: number): void {
    const window = Math.floor(now / 1_000 / named.bucket.rate.seconds);
    const before = this.seen.get(named);
    const same = before?.window === window ? before : { others: 0, own: 0 };
    const own = same.own + count;
    const others = total - own;
    this.seen.set(named, { window, others, own });
    if (others > same.others) named.bucket.othersTook(others - same.others);
  }
}
