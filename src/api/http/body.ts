import { isUtf8 } from "node:buffer";
import { type IncomingMessage } from "node:http";
import { Problem } from "./problem";

/** Bodies up to 1 MiB, unless a route says otherwise. */
export const BODY_LIMIT = 1024 * 1024;

/** What is read and thrown away of a body that is too large, so that the caller gets to read the answer. */
const DISCARD_LIMIT = 16 * 1024 * 1024;

/** The caller went away before the request was complete; there is nobody to answer. */
export class ClientGone extends Error {
  override readonly name = "ClientGone";
}

/**
 * Reads and parses a JSON body; `undefined` when there is none.
 * @throws Problem 400 malformed-json, 413 body-too-large, 415 unsupported-media-type
 */
export async function readJson(request: IncomingMessage, limit = BODY_LIMIT): Promise<unknown> {
  const length = request.headers["content-length"];
  if (length === "0" || (length === undefined && request.headers["transfer-encoding"] === undefined)) return undefined;
  requireJson(request);
  if (length !== undefined && Number(length) > limit) {
    discard(request, Number(length));
    throw tooLarge(limit);
  }
  return parseJson(await readAll(request, limit));
}

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;
const OTHER_CHARSET = /;\s*charset\s*=\s*(?!"?utf-?8"?\s*(?:;|$))/i;

function requireJson(request: IncomingMessage): void {
  const type = request.headers["content-type"] ?? "";
  if (type !== "application/json" && (!JSON_TYPE.test(type) || OTHER_CHARSET.test(type)))
    throw new Problem(415, "unsupported-media-type", "Send the body as application/json in UTF-8.", {
      details: { received: type, supported: ["application/json"] },
      headers: { "Accept-Post": "application/json" },
    });
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity")
    throw new Problem(415, "unsupported-content-encoding", "Send the body without a content encoding.", {
      details: { received: encoding },
      headers: { "Accept-Encoding": "identity" },
    });
}

function readAll(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else if (chunks.length > 0) {
        chunks = [];
        reject(tooLarge(limit));
      } else if (size > DISCARD_LIMIT) request.destroy();
    });
    request.on("end", () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.on("error", () => reject(new ClientGone()));
    request.on("close", () => request.complete || reject(new ClientGone()));
  });
}

function discard(request: IncomingMessage, length: number): void {
  if (length > DISCARD_LIMIT) request.once("data", () => request.destroy());
  request.resume();
}

const tooLarge = (limit: number): Problem =>
  new Problem(413, "body-too-large", `The body is larger than ${limit} bytes.`, { details: { limit } });

/** Where a text might hold a key that reaches for a prototype, written out or with escapes. */
const SUSPICIOUS = /(?:_|\\u005f)(?:_|\\u005f)(?:p|\\u0070)|"(?:c|\\u0063)(?:o|\\u006f)(?:n|\\u006e)(?:s|\\u0073)/i;

/** @throws Problem 400 malformed-json; 422 when a key would reach for a prototype */
export function parseJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new Problem(400, "malformed-json", "The body is not UTF-8.");
  const text = bytes.toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Problem(400, "malformed-json", `The body is not JSON: ${(error as Error).message.slice(0, 120)}.`, {
      cause: error,
    });
  }
  if (SUSPICIOUS.test(text)) refusePrototypes(value);
  return value;
}

/** Walks the whole value (without recursion: it may be deep) and refuses `__proto__` and `constructor.prototype`. */
function refusePrototypes(root: unknown): void {
  const open: { readonly value: unknown; readonly path: string }[] = [{ value: root, path: "" }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, path } = next;
    if (value === null || typeof value !== "object") continue;
    for (const [key, child] of Object.entries(value)) {
      const at = path === "" ? key : `${path}.${key}`;
      const reaches =
        key === "constructor" && child !== null && typeof child === "object" && Object.hasOwn(child, "prototype");
      if (key === "__proto__" || reaches)
        throw new Problem(422, "invalid-body", `The body cannot be accepted: "${at}" is not a known field.`, {
          errors: [{ path: at, in: "body", message: "is not a known field" }],
        });
      open.push({ value: child, path: at });
    }
  }
}
