/** Says how many ms are left until the caller no longer waits; each hop passes on less. */
export const DEADLINE_HEADER = "Request-Timeout";

/** What a hop keeps for itself of the time that is left, in ms, to answer that it was too late. */
const KEPT = 50;
const LONGEST = 600_000;

/** The ms in the header; nothing when there are none or they make no sense. */
export function parseDeadline(header: string | string[] | undefined): number | undefined {
  if (typeof header !== "string" || !/^\d{1,9}$/.test(header)) return undefined;
  return Math.min(Number(header), LONGEST);
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

/** What is passed on when so much is left. */
export const passedOn = (left: number): string => String(Math.max(1, Math.floor(left) - KEPT));
