import { createHash } from "node:crypto";
import { Problem, badHeader } from "./problem";

/** The strong tag of an aggregate at a revision: `"12"`. */
export const revisionEtag = (revision: number): string => `"${revision}"`;

/** A weak tag of content, the same for the same bytes. */
export const contentEtag = (content: Buffer | string): string =>
  `W/"${createHash("sha1").update(content).digest("base64url")}"`;

/** Whether `If-None-Match` names the tag (weak comparison, RFC 9110 §13.1.2): then 304 answers. */
export function matchesAny(ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch === etag || ifNoneMatch === "*") return true;
  const opaque = bare(etag);
  return ifNoneMatch.split(",").some((tag) => bare(tag.trim()) === opaque);
}

const bare = (tag: string): string => (tag.startsWith("W/") ? tag.slice(2) : tag);

const REVISION_TAG = /^(?:W\/)?"(\d{1,15})"$/;
const ANY_TAG = /^(?:W\/)?"[\x21\x23-\x7e]*"$/;

/**
 * The revision that `If-Match` asks for; `undefined` without the header or for `*`. A tag weakened by a proxy counts.
 * @throws Problem 400 when it is no tag, 412 when it is a tag that no revision ever has
 */
export function parseIfMatch(header: string | undefined): number | undefined {
  if (header === undefined || header === "*") return undefined;
  const revision = REVISION_TAG.exec(header)?.[1];
  if (revision !== undefined) return Number(revision);
  if (!ANY_TAG.test(header)) throw badHeader("If-Match", 'must be one entity tag as we gave it, such as "12"', header);
  throw new Problem(
    412,
    "stale-revision",
    "If-Match names no revision of this resource. Read it again and decide anew.",
  );
}

export interface CacheControl {
  readonly visibility?: "public" | "private";
  /** Seconds that anyone may keep it. */
  readonly maxAge?: number;
  /** Seconds that shared caches may keep it. */
  readonly sharedMaxAge?: number;
  /** Seconds after that during which the old answer may be given while a new one is fetched. */
  readonly staleWhileRevalidate?: number;
  /** May be kept, but must be asked about before each use. */
  readonly revalidate?: boolean;
  readonly store?: false;
}

/** The text of a `Cache-Control` header. Make it once per route, not per request. */
export function cacheControl(options: CacheControl): string {
  if (options.store === false) return "no-store";
  const parts: string[] = [options.visibility ?? "public"];
  if (options.revalidate) parts.push("no-cache");
  if (options.maxAge !== undefined) parts.push(`max-age=${options.maxAge}`);
  if (options.sharedMaxAge !== undefined) parts.push(`s-maxage=${options.sharedMaxAge}`);
  if (options.staleWhileRevalidate !== undefined) parts.push(`stale-while-revalidate=${options.staleWhileRevalidate}`);
  return parts.join(", ");
}
