/** So many requests in so many seconds, all at once or spread. */
export interface Rate {
  readonly requests: number;
  readonly seconds: number;
}

/** What is left to a caller. */
export interface Quota {
  readonly admitted: boolean;
  /** Whole requests that could be sent now. */
  readonly remaining: number;
  /** Seconds until there is at least one again; 0 when there is. */
  readonly retryAfter: number;
}

/** Holds `requests` tokens at most, filled evenly over `seconds`; each request takes one. Time in ms comes in as data. */
export class TokenBucket {
  private tokens: number;
  private at: number;
  /** Requests admitted since it was last asked; for gateways that share one limit. */
  private taken = 0;

  constructor(
    readonly rate: Rate,
    now: number,
  ) {
    this.tokens = rate.requests;
    this.at = now;
  }

  take(now: number): Quota {
    this.fill(now);
    const admitted = this.tokens >= 1;
    if (admitted) {
      this.tokens -= 1;
      this.taken++;
    }
    const { requests, seconds } = this.rate;
    const missing = this.tokens >= 1 ? 0 : ((1 - this.tokens) / requests) * seconds;
    return { admitted, remaining: Math.max(0, Math.floor(this.tokens)), retryAfter: missing };
  }

  /** Others took so many out of the same allowance. It may fall below nothing: that has to be made up first. */
  othersTook(count: number): void {
    this.tokens = Math.max(-this.rate.requests, this.tokens - count);
  }

  /** How many were taken here since the last call. */
  report(): number {
    const { taken } = this;
    this.taken = 0;
    return taken;
  }

  private fill(now: number): void {
    const { requests, seconds } = this.rate;
    this.tokens = Math.min(requests, this.tokens + ((now - this.at) / 1_000) * (requests / seconds));
    this.at = now;
  }
}

/** `600/60`: 600 requests in 60 seconds. @throws when it is not written so */
export function parseRate(text: string): Rate {
  const [, requests, seconds] = /^(\d{1,7})\/(\d{1,5})$/.exec(text.trim()) ?? [];
  const rate = { requests: Number(requests), seconds: Number(seconds) };
  if (!(rate.requests >= 1 && rate.seconds >= 1))
    throw new Error(`a rate must be <requests>/<seconds> such as 600/60, not "${text}"`);
  return rate;
}
