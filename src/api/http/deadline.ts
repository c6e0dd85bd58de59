import { BODY_LIMIT } from "./body";
import { Problem } from "./problem";

const READ_DEADLINE = 10_000;
const COMMAND_DEADLINE = 20_000;
/** Commands with large bodies do as much at once as many others. */
const BULK_DEADLINE = 120_000;

/** How long a route's answer may take to begin, in ms, where the route does not say it and the caller does not wait. */
export function standardDeadline(reads: boolean, bodyLimit = BODY_LIMIT): number {
  if (bodyLimit > BODY_LIMIT) return BULK_DEADLINE;
  return reads ? READ_DEADLINE : COMMAND_DEADLINE;
}

/**
 * How long the answer may take from now on, in ms: the route's own time, longer by what the caller asked to wait, and
 * never longer than the caller itself waits.
 * @param wait seconds of `Prefer: wait`
 */
export function allowedTime(own: number, wait: number | undefined, callers: number | undefined): number {
  const allowed = own + (wait ?? 0) * 1_000;
  return callers === undefined ? allowed : Math.min(allowed, callers);
}

/** What a hop keeps for itself of the time that is left, in ms, to answer that it was too late. */
const KEPT = 50;

/** What is passed on when so much is left. */
export const passedOn = (left: number): string => String(Math.max(1, Math.floor(left) - KEPT));

/**
 * How long it can be waited for an end result when the caller leaves in so many ms, in seconds: what is there by then
 * is still to be answered.
 */
export const waitWithin = (wait: number, left: number): number => Math.min(wait, Math.max(0, left - 2 * KEPT) / 1_000);

/** 504: whatever the answer depends on has not come in time. */
export const tooLate = (what: string): Problem =>
  new Problem(504, "gateway-timeout", `${what} did not answer in time. Nothing is known about the outcome.`);
