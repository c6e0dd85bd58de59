/** How an instance's circuit decides. Times are in ms. */
export interface BreakerPolicy {
  /** Failures in a row that open the circuit. */
  readonly consecutive: number;
  /** Or this share of failures in the window, once it has at least `least` answers. */
  readonly share: number;
  readonly least: number;
  readonly window: number;
  /** How long it stays open the first time; each time in a row doubles it, up to `longest`. */
  readonly rest: number;
  readonly longest: number;
}

export const BREAKER: BreakerPolicy = {
  consecutive: 5,
  share: 0.5,
  least: 20,
  window: 10_000,
  rest: 2_000,
  longest: 60_000,
};

/** `open` until its time is over, then `half-open`: one request tries whether it is well again. */
export type Circuit = "closed" | "open" | "half-open";

/**
 * The circuit of one instance: it opens when the instance fails again and again, lets a single request try after a
 * while, and closes when that succeeds. Time comes in as data.
 */
export class Breaker {
  private openUntil: number | undefined;
  private trying = false;
  private inARow = 0;
  private opened = 0;
  private windowBegan = 0;
  private answers = 0;
  private failures = 0;

  constructor(private readonly policy: BreakerPolicy = BREAKER) {}

  state(now: number): Circuit {
    if (this.openUntil === undefined) return "closed";
    return now < this.openUntil ? "open" : "half-open";
  }

  /** Whether a request may go there now. */
  admits(now: number): boolean {
    return this.openUntil === undefined || (now >= this.openUntil && !this.trying);
  }

  /** A request goes there: while half open, it is the one that tries. */
  begin(now: number): void {
    if (this.state(now) === "half-open") this.trying = true;
  }

  succeeded(now: number): void {
    this.count(now, false);
    this.inARow = 0;
    if (this.openUntil === undefined || !this.trying) return;
    this.trying = false;
    this.openUntil = undefined;
    this.opened = 0;
    this.answers = this.failures = 0;
  }

  /** @returns whether this failure opened the circuit */
  failed(now: number): boolean {
    this.count(now, true);
    this.inARow++;
    if (this.openUntil !== undefined) {
      if (!this.trying) return false;
      this.open(now);
      return true;
    }
    const { consecutive, share, least } = this.policy;
    if (this.inARow < consecutive && (this.answers < least || this.failures < share * this.answers)) return false;
    this.open(now);
    return true;
  }

  /** The request said nothing about the instance: its caller went away, say. */
  undecided(): void {
    this.trying = false;
  }

  private open(now: number): void {
    const { rest, longest } = this.policy;
    this.openUntil = now + Math.min(longest, rest * 2 ** this.opened);
    this.opened++;
    this.trying = false;
    this.inARow = 0;
    this.answers = this.failures = 0;
  }

  private count(now: number, failed: boolean): void {
    if (now - this.windowBegan > this.policy.window) {
      this.windowBegan = now;
      this.answers = this.failures = 0;
    }
    this.answers++;
    if (failed) this.failures++;
  }
}
