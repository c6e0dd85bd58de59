import { type Candidate } from "./candidate";

/**
 * The less busy of two random instances, each drawn by its weight. It comes close to the least busy of all, without the
 * rush on one instance that several gateways make when all of them send to the same least busy one.
 * @param random from 0 to below 1
 */
export function lessBusyOfTwo<C extends Candidate>(candidates: readonly C[], random: () => number): C | undefined {
  const first = drawn(candidates, undefined, random);
  if (first === undefined) return undefined;
  const second = drawn(candidates, first, random);
  return second !== undefined && load(second) < load(first) ? second : first;
}

/** Requests in flight by weight: an instance of twice the weight is as busy with twice as many. */
const load = ({ inFlight, weight }: Candidate): number => inFlight / weight;

function drawn<C extends Candidate>(candidates: readonly C[], but: C | undefined, random: () => number): C | undefined {
  let total = 0;
  for (const each of candidates) if (each !== but) total += each.weight;
  if (total <= 0) return undefined;
  let at = random() * total;
  let last: C | undefined;
  for (const each of candidates) {
    if (each === but || each.weight <= 0) continue;
    last = each;
    at -= each.weight;
    if (at < 0) return each;
  }
  return last;
}
