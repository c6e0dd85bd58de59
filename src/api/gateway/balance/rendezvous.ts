import { type Candidate } from "./candidate";

/** An instance that has more than so many times its share of the requests in flight is passed over. */
const BOUND = 2;
/** Shares below this are too small to say that an instance is busy. */
const SMALL_SHARE = 32;

/**
 * The instance that the key belongs to, by rendezvous hashing with weights: every gateway finds the same one, and when
 * an instance joins or leaves only its own keys move. One that is far busier than its share is passed over for the next
 * in line (bounded loads), as the meeting of commands saves work but nothing depends on it.
 */
export function rendezvous<C extends Candidate>(candidates: readonly C[], key: string): C | undefined {
  const keyHash = hash(key, 0);
  let inFlight = 1;
  let weight = 0;
  for (const each of candidates) {
    inFlight += each.inFlight;
    weight += each.weight;
  }
  let best: C | undefined;
  let bestScore = -Infinity;
  let owner: C | undefined;
  let ownerScore = -Infinity;
  for (const each of candidates) {
    if (each.weight <= 0) continue;
    const score = scoreOf(each, keyHash);
    if (score > ownerScore) [owner, ownerScore] = [each, score];
    const share = (inFlight * each.weight) / weight;
    if (each.inFlight > BOUND * Math.max(share, SMALL_SHARE)) continue;
    if (score > bestScore) [best, bestScore] = [each, score];
  }
  return best ?? owner;
}

/** −weight ∕ ln(u) with u evenly spread over (0, 1): an instance wins as often as its weight says. */
function scoreOf({ id, weight }: Candidate, keyHash: number): number {
  const u = (hash(id, keyHash) + 0.5) / 2 ** 32;
  return -weight / Math.log(u);
}

/** 32 bits: FNV-1a with the final mix of MurmurHash3, so that ids that differ in one character differ in all bits. */
export function hash(text: string, seed: number): number {
  let value = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
