import { type IncomingHttpHeaders } from "node:http";

/** Whether a host to listen on (or to be asked under) is this machine alone. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, "").toLowerCase();
  return name === "localhost" || name === "::1" || /^(::ffff:)?127(\.\d{1,3}){3}$/.test(name);
}

/**
 * Whether a request to a server on loopback comes from this machine and of its own accord: not through a proxy, not
 * from a web page of elsewhere, which shows in `Origin`, nor from one that made its own name point here (DNS
 * rebinding), which shows in `Host`.
 */
export function isLocalRequest(headers: IncomingHttpHeaders): boolean {
  if (headers["x-forwarded-for"] !== undefined || headers["forwarded"] !== undefined) return false;
  const { host, origin } = headers;
  if (origin !== undefined && !isLoopback(hostOf(origin))) return false;
  return host === undefined || isLoopback(host.replace(/:\d+$/, ""));
}

const hostOf = (origin: string): string => origin.replace(/^[a-z]+:\/\//, "").replace(/:\d+$/, "");
