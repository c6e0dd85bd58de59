/** How many requests of one service may be under way, and how long others wait for their turn. Times are in ms. */
export interface AdmissionPolicy {
  /** Requests under way at most. */
  readonly limit: number;
  /** Requests that wait at most. */
  readonly queue: number;
  /** How long one may wait in a rush that has just begun. */
  readonly patience: number;
  /** How long one may wait once requests have had to wait without a pause for `standing`. */
  readonly shortPatience: number;
  readonly standing: number;
}

export const ADMISSION: Omit<AdmissionPolicy, "limit"> = {
  queue: 2_000,
  patience: 3_000,
  shortPatience: 20,
  standing: 1_000,
};

interface Waiting {
  readonly since: number;
  readonly admit: () => void;
  readonly refuse: () => void;
}

/**
 * Lets so many requests to a service at once as it can bear. A rush waits for its turn; but when there has been a queue
 * for a while the service gets more than it can do, and then waiting only makes everybody late: from then on only those
 * wait who will be served almost at once (controlled delay, as in CoDel), newest first, and the rest is told to come
 * back. So the time of those who are served stays what it was, however many come.
 */
export class Admission {
  private underWay = 0;
  private shed = 0;
  private readonly waiting: Waiting[] = [];
  private emptyAt: number;
  private sweeper: NodeJS.Timeout | undefined;

  constructor(
    private policy: AdmissionPolicy,
    private readonly now: () => number,
  ) {
    this.emptyAt = now();
  }

  get figures() {
    return { underWay: this.underWay, waiting: this.waiting.length, limit: this.policy.limit, shed: this.shed };
  }

  /** From now on so many. */
  resize(limit: number): void {
    this.policy = { ...this.policy, limit };
    this.next();
  }

  /** True: go; false: come back later; a promise while it is not known. Whoever may go calls `leave` in the end. */
  enter(): boolean | Promise<boolean> {
    if (this.underWay < this.policy.limit && this.waiting.length === 0) {
      this.emptyAt = this.now();
      this.underWay++;
      return true;
    }
    if (this.waiting.length >= this.policy.queue) {
      this.shed++;
      return false;
    }
    return new Promise((resolve) => {
      this.waiting.push({ since: this.now(), admit: () => resolve(true), refuse: () => resolve(false) });
      this.sweeper ??= setInterval(() => this.sweep(), 10).unref();
    });
  }

  leave(): void {
    this.underWay--;
    this.next();
  }

  /** Nobody is let in any more; for the end. */
  close(): void {
    clearInterval(this.sweeper);
    for (const each of this.waiting.splice(0)) each.refuse();
  }

  /** Whether there has been a queue for so long that it will not go away by itself. */
  private get overloaded(): boolean {
    return this.now() - this.emptyAt > this.policy.standing;
  }

  private next(): void {
    while (this.underWay < this.policy.limit) {
      // In a rush the first is served first; under overload the newest, who has not given up yet.
      const next = this.overloaded ? this.waiting.pop() : this.waiting.shift();
      if (next === undefined) break;
      this.underWay++;
      next.admit();
    }
    if (this.waiting.length === 0) this.settle();
  }

  private sweep(): void {
    const now = this.now();
    const longest = this.overloaded ? this.policy.shortPatience : this.policy.patience;
    let given = 0;
    while (given < this.waiting.length && now - (this.waiting[given]?.since ?? now) > longest) given++;
    this.shed += given;
    for (const each of this.waiting.splice(0, given)) each.refuse();
    if (this.waiting.length === 0) this.settle(false);
  }

  private settle(byItself = true): void {
    if (byItself) this.emptyAt = this.now();
    clearInterval(this.sweeper);
    this.sweeper = undefined;
  }
}
