import { badHeader } from "./problem";

const PRINTABLE = /^[\x20-\x7e]{1,255}$/;

/** The `Idempotency-Key`. @throws Problem 400 unless it is 1 to 255 printable ASCII characters */
export function parseIdempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header === "string" && PRINTABLE.test(header)) return header;
  throw badHeader("Idempotency-Key", "must be 1 to 255 printable ASCII characters", String(header));
}

/** How long `Prefer: wait` without a number waits, and the longest that a number can ask for, in seconds. */
export const DEFAULT_WAIT = 10;
export const LONGEST_WAIT = 60;

const WAIT = /(?:^|[,;])\s*wait\s*(?:=\s*"?(\d{1,6})"?\s*)?(?=$|[,;])/i;

/** Seconds that the caller prefers to wait for the end result (RFC 7240); what is not understood is passed over. */
export function parseWait(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined;
  const match = WAIT.exec(typeof header === "string" ? header : header.join(","));
  if (match === null) return undefined;
  return match[1] === undefined ? DEFAULT_WAIT : Math.min(Number(match[1]), LONGEST_WAIT);
}

/** Says how many ms are left until the caller no longer waits; each hop passes on less. */
export const DEADLINE_HEADER = "Request-Timeout";
const LONGEST_TIMEOUT = 600_000;

/** The ms in `Request-Timeout`; what makes no sense is passed over. */
export function parseDeadline(header: string | string[] | undefined): number | undefined {
  if (typeof header !== "string" || !/^\d{1,9}$/.test(header)) return undefined;
  return Math.min(Number(header), LONGEST_TIMEOUT);
}

const TRACEPARENT = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const CORRELATION = /^[\w.:+=/-]{1,128}$/;

/** The `traceparent` if it is well formed (W3C Trace Context). */
export const parseTraceparent = (header: string | string[] | undefined): string | undefined =>
  typeof header === "string" && TRACEPARENT.test(header) ? header : undefined;

/** The caller's own correlation id, or else its trace id. */
export function parseCorrelationId(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): string | undefined {
  const given = headers["x-correlation-id"] ?? headers["x-request-id"];
  if (typeof given === "string" && CORRELATION.test(given)) return given;
  const trace = headers["traceparent"];
  return typeof trace === "string" ? TRACEPARENT.exec(trace)?.[1] : undefined;
}

const NO_GZIP = /\bgzip\s*;\s*q\s*=\s*0(?:\.0*)?\s*(?:,|$)/i;

/** Whether the caller takes gzip. */
export const takesGzip = (header: string | string[] | undefined): boolean =>
  typeof header === "string" && header.includes("gzip") && !NO_GZIP.test(header);

/** Whether the caller takes the media type (RFC 9110 §12.5.1; weights only as far as `q=0`). */
export function takes(accept: string | undefined, mediaType: string): boolean {
  if (accept === undefined || accept === "" || accept === "*/*" || accept === mediaType) return true;
  const family = `${mediaType.slice(0, mediaType.indexOf("/"))}/*`;
  let best = -1;
  let taken = false;
  for (const range of accept.split(",")) {
    const [name = "", ...parameters] = range.split(";");
    const specificity = [`*/*`, family, mediaType].indexOf(name.trim().toLowerCase());
    if (specificity <= best) continue;
    best = specificity;
    taken = !parameters.some((parameter) => /^\s*q\s*=\s*0(?:\.0*)?\s*$/i.test(parameter));
  }
  return taken;
}
