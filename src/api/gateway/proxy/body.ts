import { type IncomingMessage } from "node:http";
import { type Readable, Transform } from "node:stream";
import { Problem } from "../../http";

/** Bodies up to this size, in bytes, are read before they are sent on: they can be sent again, and a slow caller keeps no service waiting. */
const READ_FIRST = 256 * 1024;

/** Bytes that are thrown away of a body that is too large, so that the caller gets to read the answer. */
const DISCARD = 16 * 1024 * 1024;

/** The caller went away before its request was complete. */
export class CallerGone extends Error {
  override readonly name = "CallerGone";
}

/** A request's body: nothing, all of it, or as it comes. */
export type Body = Buffer | Readable | undefined;

export const isStream = (body: Body): body is Readable => body !== undefined && !Buffer.isBuffer(body);

/**
 * A request's body, with no more than `limit` bytes.
 * @throws Problem 413 when it is larger, CallerGone
 */
export function bodyOf(request: IncomingMessage, limit: number): Body | Promise<Body> {
  const length = request.headers["content-length"];
  if (length === undefined && request.headers["transfer-encoding"] === undefined) return undefined;
  if (length !== undefined) {
    const size = Number(length);
    if (size === 0) return undefined;
    if (size > limit) {
      if (size > DISCARD) request.once("data", () => request.destroy());
      request.resume();
      throw tooLarge(limit);
    }
    if (size <= READ_FIRST) return readAll(request);
  }
  return limited(request, limit);
}

function readAll(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.on("error", () => reject(new CallerGone()));
    request.on("close", () => request.complete || reject(new CallerGone()));
  });
}

/** The body as it comes; breaks off with a Problem when it is more than it may be. */
function limited(request: IncomingMessage, limit: number): Readable {
  let size = 0;
  const passed = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size > limit) done(tooLarge(limit));
      else done(null, chunk);
    },
  });
  request.on("error", () => passed.destroy(new CallerGone()));
  request.on("close", () => request.complete || passed.destroy(new CallerGone()));
  // What is left of a body that nobody wants any more is read, so that the connection can go on.
  passed.on("close", () => request.unpipe(passed).resume());
  return request.pipe(passed);
}

const tooLarge = (limit: number): Problem =>
  new Problem(413, "body-too-large", `The body is larger than ${limit} bytes.`, { details: { limit } });
