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
}

/** Errors spoil a measurement, however fast they come. */
export function judged(name: string, measured: Measured, goal?: Goal): Result {
  const { rate, latency, errors } = measured;
  const met =
    goal &&
    errors === 0 &&
    latency.count > 0 &&
    (goal.rate === undefined || rate >= goal.rate) &&
    (goal.median === undefined || latency.p50 < goal.median);
  return { name, ...measured, goal, met };
}

export function goalText({ rate, median }: Goal): string {
  const parts = [];
  if (rate !== undefined) parts.push(`≥ ${rate.toLocaleString("en")}/s`);
  if (median !== undefined) parts.push(`p50 < ${median} ms`);
  return parts.join(", ");
}
