/** How the limit follows the times of answers. */
export interface AdaptivePolicy {
  readonly least: number;
  readonly most: number;
  /** Answers may take so many times what they usually take before the limit falls. */
  readonly tolerance: number;
  /** Answers, and ms, that a judgement takes at least. */
  readonly sample: number;
  readonly period: number;
}

export const ADAPTIVE: Omit<AdaptivePolicy, "least" | "most"> = { tolerance: 2, sample: 40, period: 250 };

/** Weight of a new judgement on the limit, and on what is usual: an overload of some minutes is not yet usual. */
const LIMIT_STEP = 0.2;
const USUAL_STEP = 0.01;

/**
 * How many requests at once a service can do: the limit rises while answers take as long as they usually do, and falls
 * with them when they take longer, as then they only wait for one another inside the service (the gradient of Netflix'
 * concurrency-limits). Nobody has to measure and configure what a service can bear.
 */
export class AdaptiveLimit {
  private limit: number;
  private usual: number | undefined;
  private sum = 0;
  private count = 0;
  private busiest = 0;
  private began: number;

  constructor(
    private policy: AdaptivePolicy,
    now: number,
  ) {
    this.limit = policy.most;
    this.began = now;
  }

  get value(): number {
    return Math.round(this.limit);
  }

  /** From now on between these: instances came or went. */
  bound(least: number, most: number): void {
    const wasAtMost = this.limit >= this.policy.most;
    this.policy = { ...this.policy, least, most };
    this.limit = wasAtMost ? most : Math.min(most, Math.max(least, this.limit));
  }

  /**
   * An answer came.
   * @param took ms
   * @param underWay requests that were under way with it
   * @returns whether the limit is another one now
   */
  observe(took: number, underWay: number, now: number): boolean {
    this.sum += took;
    this.count++;
    if (underWay > this.busiest) this.busiest = underWay;
    const { sample, period } = this.policy;
    if (this.count < sample || now - this.began < period) return false;
    const before = this.value;
    this.judge(this.sum / this.count);
    this.sum = this.count = this.busiest = 0;
    this.began = now;
    return this.value !== before;
  }

  private judge(average: number): void {
    const { tolerance, least, most } = this.policy;
    const usual = (this.usual ??= average);
    this.usual = usual + (average - usual) * USUAL_STEP;
    // What has become much faster than usual was slow before; the memory of that must not raise the limit for long.
    if (this.usual > 2 * average) this.usual *= 0.9;
    const gradient = Math.max(0.5, Math.min(1, (tolerance * usual) / average));
    // A limit that nobody comes near to is no reason to raise it.
    if (gradient === 1 && this.busiest < this.limit / 2) return;
    const wanted = this.limit * gradient + Math.sqrt(this.limit);
    this.limit = Math.min(most, Math.max(least, this.limit + (wanted - this.limit) * LIMIT_STEP));
  }
}
