import { type IncomingMessage } from "node:http";
import { Problem } from "../../http";

/** What is looked at of a request. */
export type Checked = Pick<IncomingMessage, "method" | "url" | "rawHeaders" | "httpVersionMajor" | "httpVersionMinor">;

/** Headers at most; node drops further ones without a word, so this is below its limit. */
export const MOST_HEADERS = 100;
/** Characters of path and query at most. */
const LONGEST_URL = 8_192;

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** Headers that say where the request ends or whom it is for: two of them are read differently by different servers. */
const ONCE = new Set(["content-length", "host", "transfer-encoding", "content-type", "authorization", "expect"]);

/**
 * What must not be passed on: requests that two servers in a row may read differently (request smuggling), and such as
 * no honest client sends. Node's own parser has refused malformed ones before.
 */
export function refusalOf(request: Checked): Problem | undefined {
  const { method = "", url = "" } = request;
  if (!METHODS.has(method))
    return new Problem(405, "method-not-allowed", `${method.slice(0, 20)} is not possible here.`);
  return urlRefusal(url) ?? headerRefusal(request);
}

function urlRefusal(url: string): Problem | undefined {
  if (url.length > LONGEST_URL)
    return new Problem(414, "url-too-long", `The address is longer than ${LONGEST_URL} characters.`);
  if (!url.startsWith("/")) return malformed("The address must begin with a slash: this is no forward proxy.");
  const mark = url.indexOf("?");
  const path = mark < 0 ? url : url.slice(0, mark);
  if (path.includes("//") || path.includes("\\")) return malformed("The path has an empty segment or a backslash.");
  if (/\/\.{1,2}(?:\/|$)/.test(path) || (path.includes("%") && /%(?:2e|2f|5c|00)/i.test(path)))
    return malformed("The path has a dot segment, or an escaped dot, slash, backslash or NUL.");
  if (url.includes("#")) return malformed("The address has a fragment.");
  return undefined;
}

function headerRefusal({ rawHeaders, method, httpVersionMajor, httpVersionMinor }: Checked): Problem | undefined {
  if (rawHeaders.length > 2 * MOST_HEADERS)
    return new Problem(431, "too-many-headers", `There are more than ${MOST_HEADERS} headers.`);
  let seen: Set<string> | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? "").toLowerCase();
    const value = rawHeaders[i + 1] ?? "";
    if (ONCE.has(name)) {
      if (seen?.has(name)) return malformed(`The header ${name} is there twice.`);
      (seen ??= new Set()).add(name);
    }
    if (name === "content-length" && !/^\d{1,15}$/.test(value)) return malformed("Content-Length is no number.");
    if (name === "transfer-encoding") {
      if (value.toLowerCase() !== "chunked")
        return new Problem(501, "transfer-encoding-unknown", "The only Transfer-Encoding known here is chunked.");
      if (httpVersionMajor === 1 && httpVersionMinor === 0) return malformed("HTTP/1.0 has no Transfer-Encoding.");
    }
    if (name === "expect" && value.toLowerCase() !== "100-continue")
      return new Problem(417, "expectation-unknown", "The only Expect known here is 100-continue.");
  }
  if (seen?.has("content-length") && seen.has("transfer-encoding"))
    return malformed("Content-Length and Transfer-Encoding contradict each other.");
  const bodiless = method === "GET" || method === "HEAD" || method === "OPTIONS";
  if (bodiless && (seen?.has("transfer-encoding") || hasLength(rawHeaders)))
    return malformed(`A ${method} with a body has no meaning.`);
  return undefined;
}

function hasLength(rawHeaders: readonly string[]): boolean {
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (rawHeaders[i]?.toLowerCase() === "content-length") return Number(rawHeaders[i + 1]) > 0;
  return false;
}

const malformed = (detail: string): Problem => new Problem(400, "malformed-request", detail);
