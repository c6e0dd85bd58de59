import { type GatewayRoute } from "../table";

/** Shares of requests and rates that a retry budget has. */
export interface BudgetPolicy {
  /** Retries at most by request: 0.2 adds at most a fifth to the load of a service that fails. */
  readonly share: number;
  /** Retries per second that are always there, so that a quiet shop can retry too. */
  readonly perSecond: number;
  /** Retries that can be saved up. */
  readonly most: number;
}

export const RETRY_BUDGET: BudgetPolicy = { share: 0.2, perSecond: 5, most: 100 };

/** Keeps retries from multiplying the load of a service in trouble. */
export class RetryBudget {
  private saved: number;
  private at: number;
  /** Retries taken so far. */
  spent = 0;

  constructor(
    now: number,
    private readonly policy: BudgetPolicy = RETRY_BUDGET,
  ) {
    this.at = now;
    this.saved = policy.perSecond;
  }

  /** Each request puts a part of a retry by. */
  request(): void {
    this.saved = Math.min(this.policy.most, this.saved + this.policy.share);
  }

  /** Takes one retry if there is one. */
  retry(now: number): boolean {
    this.saved = Math.min(this.policy.most, this.saved + ((now - this.at) / 1_000) * this.policy.perSecond);
    this.at = now;
    if (this.saved < 1) return false;
    this.saved -= 1;
    this.spent++;
    return true;
  }
}

/** How an attempt ended without an answer that can be passed on. */
export interface Failure {
  /** `unreachable`: the request certainly never got there. `broken`: it may have. `status`: a 502 or 503. */
  readonly kind: "unreachable" | "broken" | "status" | "late";
}

/** Attempts in all. */
export const MOST_ATTEMPTS = 3;

/**
 * Whether what failed may be sent again: anything that never got there; reads; commands whose `Idempotency-Key` makes
 * the second one the same as the first.
 * @param hasKey whether the request carries an `Idempotency-Key`
 */
export function mayRepeat(route: GatewayRoute, failure: Failure, hasKey: boolean): boolean {
  if (failure.kind === "late") return false;
  if (failure.kind === "unreachable" || route.kind === "read") return true;
  return route.repeatable && hasKey;
}

/** Statuses that another instance may not give. After 504 there is no time left to ask it. */
export const isPassing = (status: number): boolean => status === 502 || status === 503;

/** Statuses that count against the instance. 503 is a polite no: the instance is well, what it needs is not. */
export const isFault = (status: number): boolean => status === 500 || status === 502;

/** The instance says itself that it was too late. */
export const isLate = (status: number): boolean => status === 504;
