/** What a hop keeps for itself of the time that is left, in ms, to answer that it was too late. */
const KEPT = 50;

/**
 * How long the answer may take from now on, in ms: the route's own time, longer by what the caller asked to wait, and
 * never longer than the caller itself waits.
 * @param wait seconds of `Prefer: wait`
 */
export function allowedTime(own: number, wait: number | undefined, callers: number | undefined): number {
  const allowed = own + (wait ?? 0) * 1_000;
  return callers === undefined ? allowed : Math.min(allowed, callers);
}

/** What is passed on when so much is left. */
export const passedOn = (left: number): string => String(Math.max(1, Math.floor(left) - KEPT));
