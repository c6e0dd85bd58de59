/**
 * Reservations by the moment they expire, soonest first: a leftist heap (Crane, 1972), never changed in place and plain
 * JSON. A reservation that ended otherwise stays in until its turn comes; whoever pops it must look whether it still
 * holds.
 */
export type Expiries = null | Expiring;

interface Expiring {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly reservationId: string;
  /** Length of the way to the right; keeps merging short. */
  readonly rank: number;
  readonly left: Expiries;
  readonly right: Expiries;
}

export const addExpiry = (expiries: Expiries, at: number, reservationId: string): Expiring =>
  merge({ at, reservationId, rank: 1, left: null, right: null }, expiries) as Expiring;

/** Of moments and ids, soonest first: a heap as well, to whose right there is nothing. */
export const expiriesOf = (sorted: readonly (readonly [at: number, reservationId: string])[]): Expiries =>
  sorted.reduceRight<Expiries>(
    (left, [at, reservationId]) => ({ at, reservationId, rank: 1, left, right: null }),
    null,
  );

/** All but the soonest. */
export const withoutSoonest = (expiries: Expiring): Expiries => merge(expiries.left, expiries.right);

function merge(a: Expiries, b: Expiries): Expiries {
  if (a === null) return b;
  if (b === null) return a;
  const [soonest, other] = a.at <= b.at ? [a, b] : [b, a];
  const merged = merge(soonest.right, other);
  const [left, right] = rank(soonest.left) >= rank(merged) ? [soonest.left, merged] : [merged, soonest.left];
  return { at: soonest.at, reservationId: soonest.reservationId, rank: rank(right) + 1, left, right };
}

const rank = (expiries: Expiries): number => expiries?.rank ?? 0;
