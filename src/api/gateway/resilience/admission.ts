/** How many requests of one service may be under way, and how long others wait for their turn. Times are in ms. */
export interface AdmissionPolicy {
  /** Requests under way at most. */
  readonly limit: number;
  /** Requests that wait at most. */
  readonly queue: number;
  /** How long it may take until it is one's turn. */
  readonly wait: number;
  /** When everybody has had to wait longer than that for so long, there is too much to do. */
  readonly standing: number;
  /** How long one may wait then. */
  readonly shortWait: number;
}

export const ADMISSION: Omit<AdmissionPolicy, "limit" | "wait"> = { queue: 5_000, standing: 1_000, shortWait: 20 };

interface Waiting {
  readonly since: number;
  readonly admit: () => void;
  readonly refuse: () => void;
}

/** How often it is looked for those who have waited too long, in ms. */
const LOOK = 10;

/**
 * Lets so many requests to a service at once as it can bear. A rush waits for its turn; but when everybody waits longer
 * than is good for anyone, the service gets more than it can do, and waiting only makes everybody late: from then on
 * only those wait who will be served almost at once (controlled delay, as in CoDel), the newest first, and the others
 * are told to come back. So the time of those who are served stays what it was, however many come.
 */
export class Admission {
  private underWay = 0;
  private shed = 0;
  private readonly waiting: Waiting[] = [];
  private overloaded = false;
  /** When somebody last did not have to wait long. */
  private calmAt: number;
  private sweeper: NodeJS.Timeout | undefined;

  constructor(
    private policy: AdmissionPolicy,
    private readonly now: () => number,
  ) {
    this.calmAt = now();
  }

  get figures() {
    return { underWay: this.underWay, waiting: this.waiting.length, limit: this.policy.limit, shed: this.shed };
  }

  /** From now on so many. */
  resize(limit: number): void {
    this.policy = { ...this.policy, limit };
    this.next();
  }

  /** From now on so long. */
  waitFor(wait: number): void {
    this.policy = { ...this.policy, wait };
  }

  /** True: go; false: come back later; a promise while it is not known. Whoever may go calls `leave` in the end. */
  enter(): boolean | Promise<boolean> {
    const now = this.now();
    if (this.underWay < this.policy.limit && this.waiting.length === 0) {
      this.calm(now);
      this.underWay++;
      return true;
    }
    if (this.waiting.length >= this.policy.queue) {
      this.shed++;
      return false;
    }
    return new Promise((resolve) => {
      this.waiting.push({ since: now, admit: () => resolve(true), refuse: () => resolve(false) });
      this.sweeper ??= setInterval(() => this.sweep(), LOOK).unref();
    });
  }

  leave(): void {
    this.underWay--;
    this.next();
  }

  /** Nobody is let in any more; for the end. */
  close(): void {
    this.rest();
    for (const each of this.waiting.splice(0)) each.refuse();
  }

  private next(): void {
    const now = this.now();
    while (this.underWay < this.policy.limit) {
      // In a rush the first is served first; under overload the newest, who has not given up yet.
      const next = this.overloaded ? this.waiting.pop() : this.waiting.shift();
      if (next === undefined) {
        if (this.sweeper !== undefined) this.calm(now);
        break;
      }
      if (!this.overloaded && now - next.since <= this.policy.wait) this.calmAt = now;
      this.underWay++;
      next.admit();
    }
    if (this.waiting.length === 0) this.rest();
  }

  private sweep(): void {
    const now = this.now();
    const { wait, standing, shortWait } = this.policy;
    if (now - this.calmAt > wait + standing) this.overloaded = true;
    const longest = this.overloaded ? shortWait : wait + standing;
    let given = 0;
    while (given < this.waiting.length && now - (this.waiting[given]?.since ?? now) > longest) given++;
    this.shed += given;
    for (const each of this.waiting.splice(0, given)) each.refuse();
    if (this.waiting.length === 0) this.rest();
  }

  private calm(now: number): void {
    this.calmAt = now;
    this.overloaded = false;
  }

  private rest(): void {
    clearInterval(this.sweeper);
    this.sweeper = undefined;
  }
}
