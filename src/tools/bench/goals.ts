import { type Measured } from "./measure";

/** What a measurement must reach. */
export interface Goal {
  /** Steps a second, at least. */
  readonly rate?: number;
  /** Median in ms, below. */
  readonly median?: number;
}

/** One measurement with what was hoped for. */
export interface Result extends Measured {
  readonly name: string;
  readonly goal: Goal | undefined;
  /** `undefined` without a goal. */
  readonly met: boolean | undefined;
  /** Its rate as a share of another measurement's, which differs in one thing alone: what that thing costs. */
  readonly comparedWith?: { readonly name: string; readonly share: number };
}

/** Errors spoil a measurement, however fast they come. */
export function judged(name: string, measured: Measured, goal?: Goal, other?: Result): Result {
  const { rate, latency, errors } = measured;
  const met =
    goal &&
    errors === 0 &&
    latency.count > 0 &&
    (goal.rate === undefined || rate >= goal.rate) &&
    (goal.median === undefined || latency.p50 < goal.median);
  const compared = other && other.rate > 0 ? { comparedWith: { name: other.name, share: rate / other.rate } } : {};
  return { name, ...measured, goal, met, ...compared };
}

export function goalText({ rate, median }: Goal): string {
  const parts = [];
  if (rate !== undefined) parts.push(`≥ ${rate.toLocaleString("en")}/s`);
  if (median !== undefined) parts.push(`p50 < ${median} ms`);
  return parts.join(", ");
}
