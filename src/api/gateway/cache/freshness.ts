import { type Directives } from "./directives";

/** What decides whether a kept answer may be given. Times are in ms. */
export interface Kept {
  readonly storedAt: number;
  readonly directives: Directives;
  /** The log position that the answer is known to reflect; −1: none. */
  readonly position: bigint;
  /** The instance that gave it, and how often its data had changed by then. */
  readonly origin: Origin | undefined;
}

export interface Origin {
  readonly instance: string;
  readonly generation: number;
}

/** What the request wants of it. */
export interface Wanted {
  readonly token: bigint | undefined;
  /** The caller asks to have it looked at anew (`Cache-Control: no-cache`). */
  readonly anew: boolean;
}

/**
 * `fresh`: give it. `stale`: give it, and fetch a new one meanwhile. `revalidate`: ask first; `ifError`: the old one may
 * be given when that fails.
 */
export type Decision = { readonly use: "fresh" | "stale" } | { readonly use: "revalidate"; readonly ifError: boolean };

/**
 * Answers depend on the clock too (prices begin and end), so what is known not to have changed is given without asking
 * for no longer than this.
 */
const WATCHED_LIFETIME = 2_000;

/**
 * Services say how old an answer may be for caches that nobody tells of changes. The gateway is told: an answer of an
 * instance whose data has not changed since is as good as asking it again.
 * @param generation how often the data of an instance has changed; `undefined`: not known
 * @param staleIfError for how long, in ms, an old answer may stand in for a service that is away, where it does not say
 */
export function decide(
  kept: Kept,
  wanted: Wanted,
  now: number,
  generation: (instance: string) => number | undefined,
  staleIfError: number,
): Decision {
  const { directives, origin } = kept;
  if (wanted.token !== undefined && kept.position < wanted.token) return { use: "revalidate", ifError: false };
  const age = now - kept.storedAt;
  const lifetime = directives.maxAge * 1_000;
  const patience = directives.staleIfError === undefined ? staleIfError : directives.staleIfError * 1_000;
  const ask: Decision = { use: "revalidate", ifError: age <= lifetime + patience };
  if (wanted.anew) return ask;
  const current = origin && generation(origin.instance);
  if (origin !== undefined && current !== undefined) {
    if (current !== origin.generation) return ask;
    if (age <= Math.max(WATCHED_LIFETIME, directives.noCache ? 0 : lifetime)) return { use: "fresh" };
  } else if (!directives.noCache && age < lifetime) return { use: "fresh" };
  const mayBeStale = !directives.noCache && !directives.mustRevalidate;
  return mayBeStale && age < lifetime + directives.staleWhileRevalidate * 1_000 ? { use: "stale" } : ask;
}
