import { headerOf } from "../proxy/headers";
import { type Directives, parseDirectives } from "./directives";
import { type Kept, type Origin } from "./freshness";

/** An answer that is kept. */
export interface Entry extends Kept {
  /** As a flat list, without those of one answer only. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly etag: string | undefined;
}

/** An answer as a service gave it. */
export interface Collected {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly origin: Origin | undefined;
}

/** Headers that are made anew for each answer. */
const OF_ONE_ANSWER = new Set(["x-correlation-id", "age", "date", "connection", "keep-alive"]);

/**
 * The only headers that answers may depend on: what is kept is kept for each packing, and with the position that it is
 * known to reflect, which decides for whose token it will do.
 */
const VARY = /^\s*(?:accept-encoding|consistency-token)\s*(?:,\s*(?:accept-encoding|consistency-token)\s*)*$/i;

/**
 * The answer as it is kept; `undefined` when it must not be: only what its service calls public is everybody's.
 * @param position the log position that it is known to reflect
 */
export function entryOf(answer: Collected, position: bigint, now: number): Entry | undefined {
  if (answer.status !== 200) return undefined;
  const directives = parseDirectives(headerOf(answer.headers, "cache-control"));
  if (!isKeepable(answer.headers, directives)) return undefined;
  const headers: string[] = [];
  for (let i = 0; i < answer.headers.length; i += 2) {
    const name = answer.headers[i] ?? "";
    if (!OF_ONE_ANSWER.has(name.toLowerCase())) headers.push(name, answer.headers[i + 1] ?? "");
  }
  const etag = headerOf(headers, "etag");
  return { storedAt: now, directives, position, origin: answer.origin, headers, body: answer.body, etag };
}

/** The entry after its service said that it still holds. */
export const renewed = (entry: Entry, { headers, origin }: Collected, position: bigint, now: number): Entry => ({
  ...entry,
  storedAt: now,
  directives: parseDirectives(headerOf(headers, "cache-control") ?? headerOf(entry.headers, "cache-control")),
  position: position > entry.position ? position : entry.position,
  origin,
});

function isKeepable(headers: readonly string[], { isPublic, noStore }: Directives): boolean {
  if (!isPublic || noStore || headerOf(headers, "set-cookie") !== undefined) return false;
  const vary = headerOf(headers, "vary");
  return vary === undefined || VARY.test(vary);
}

/** Bytes that an entry takes, about. */
export const sizeOf = ({ headers, body }: Entry): number =>
  body.length + 500 + headers.reduce((sum, each) => sum + each.length, 0);
