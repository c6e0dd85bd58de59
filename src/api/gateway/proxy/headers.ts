/** Headers that are about one connection and end there (RFC 9110 §7.6.1), and such as the gateway says itself. */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);

/** What only the gateway may say to a service; from outside it is not believed and not passed on. */
const OWN_WORD = new Set([
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-forwarded-port",
  "x-real-ip",
  "request-timeout",
  "expect",
]);
/** Whatever begins so is somebody's word on who calls, or the shop's own. */
const OWN_PREFIX = /^x-(?:millrace|forwarded)-/;

/** What a service tells of itself that is nobody's business, and what the gateway says in its place. */
const NOT_TOLD = new Set(["server", "x-powered-by", "via"]);

/** What a header's name alone says of it. */
interface HeaderName {
  readonly lower: string;
  readonly endsInRequest: boolean;
  readonly endsInAnswer: boolean;
}

/** Names that were seen: the same few come with each message. Bounded, as anybody may make some up. */
const SEEN = new Map<string, HeaderName>();
const SEEN_MOST = 1_000;
const LONGEST_SEEN = 64;

function nameOf(name: string): HeaderName {
  const seen = SEEN.get(name);
  if (seen !== undefined) return seen;
  const lower = name.toLowerCase();
  const hop = HOP_BY_HOP.has(lower);
  const known = {
    lower,
    // Some servers take `X_API_Key` for `X-API-Key`: no two readings.
    endsInRequest: hop || OWN_WORD.has(lower) || OWN_PREFIX.test(lower) || lower.includes("_") || lower === "x-correlation-id", // prettier-ignore
    endsInAnswer: hop || NOT_TOLD.has(lower) || lower.startsWith("x-millrace-"),
  };
  if (SEEN.size < SEEN_MOST && name.length <= LONGEST_SEEN) SEEN.set(name, known);
  return known;
}

/** What the gateway adds to a request. */
export interface Added {
  /** Set when the request is not the service's own business to judge as local: see `isLocal` in the gateway. */
  readonly forwardedFor: string | undefined;
  readonly protocol: "http" | "https";
  readonly correlationId: string;
  readonly deadline: string;
  readonly consistencyToken: string | undefined;
  /** This hop in the caller's trace; absent where nothing is traced, and the caller's own word is passed on. */
  readonly traceparent: string | undefined;
}

/** A request's headers for the service, as a flat list. */
export function requestHeaders(raw: readonly string[], added: Added): string[] {
  const named = namedByConnection(raw);
  const headers: string[] = [];
  let host: string | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? "";
    const { lower, endsInRequest } = nameOf(name);
    if (endsInRequest || named?.has(lower)) continue;
    if (added.consistencyToken !== undefined && lower === "consistency-token") continue;
    if (added.traceparent !== undefined && lower === "traceparent") continue;
    const value = raw[i + 1] ?? "";
    if (lower === "host") host = value;
    headers.push(name, value);
  }
  headers.push("X-Correlation-Id", added.correlationId, "Request-Timeout", added.deadline);
  if (added.consistencyToken !== undefined) headers.push("Consistency-Token", added.consistencyToken);
  if (added.traceparent !== undefined) headers.push("traceparent", added.traceparent);
  if (added.forwardedFor !== undefined) {
    headers.push("X-Forwarded-For", added.forwardedFor, "X-Forwarded-Proto", added.protocol);
    if (host !== undefined) headers.push("X-Forwarded-Host", host);
  }
  return headers;
}

/** A service's headers for the caller, as a flat list. */
export function responseHeaders(raw: readonly (Buffer | string)[]): string[] {
  const headers: string[] = [];
  let named: ReadonlySet<string> | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = text(raw[i]);
    const { lower, endsInAnswer } = nameOf(name);
    if (!endsInAnswer) headers.push(name, text(raw[i + 1]));
    else if (lower === "connection") named = listed(text(raw[i + 1]), named);
  }
  return named === undefined ? headers : without(headers, named);
}

const without = (headers: readonly string[], names: ReadonlySet<string>): string[] =>
  headers.filter((_, index) => !names.has(nameOf(headers[index - (index % 2)] ?? "").lower));

/** Header values are bytes; node sends text as latin1. */
const text = (value: Buffer | string | undefined): string =>
  typeof value === "string" ? value : (value?.toString("latin1") ?? "");

/** The value of a header in a flat list. */
export function headerOf(headers: readonly string[], name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) if (nameOf(headers[i] ?? "").lower === name) return headers[i + 1];
  return undefined;
}

/** Headers that the caller's `Connection` names: they too end here. */
function namedByConnection(raw: readonly string[]): ReadonlySet<string> | undefined {
  let named: ReadonlySet<string> | undefined;
  for (let i = 0; i < raw.length; i += 2)
    if (nameOf(raw[i] ?? "").lower === "connection") named = listed(raw[i + 1] ?? "", named);
  return named;
}

function listed(value: string, before: ReadonlySet<string> | undefined): ReadonlySet<string> | undefined {
  const lower = value.toLowerCase();
  if (lower === "keep-alive" || lower === "close") return before;
  const names = lower.split(",").map((name) => name.trim());
  // What the gateway and the services live by cannot be taken away by the caller.
  const removable = names.filter((name) => name !== "host" && name !== "content-length" && name !== "authorization");
  return new Set([...(before ?? []), ...removable]);
}
