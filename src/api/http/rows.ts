import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type Row, type StreamReply } from "./reply";
import { type RequestContext } from "./request-context";
import { takesGzip } from "./request-headers";
import { whileAllowed } from "./still-allowed";

/** Single rows are gathered to pieces of about so many characters. */
const PIECE = 64 * 1024;

type Rows = Iterator<Row | readonly Row[]> | AsyncIterator<Row | readonly Row[]>;

/**
 * Sends rows as they come, no faster than the caller reads them, packed when the caller takes gzip. The source is
 * asked for its first piece before the head is sent, so that its failure is still answered as a problem; later ones
 * break the connection, so that the caller does not take a part for the whole, and so does losing the right to them. The source is closed in every case.
 */
export async function sendRows(
  context: RequestContext,
  status: number,
  head: string[],
  source: StreamReply["stream"],
): Promise<void> {
  const pieces = piecesOf(Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]());
  const first = await pieces.next();
  const { request, response } = context;
  const pack = takesGzip(request.headers["accept-encoding"]);
  if (pack) head.push("Content-Encoding", "gzip");
  response.writeHead(status, head);
  if (first.done || request.method === "HEAD" || context.gone) {
    await pieces.return();
    response.end();
    return;
  }
  const unwatch = whileAllowed(context, () => response.destroy());
  const content = Readable.from(resumed(first.value, pieces), { objectMode: false });
  try {
    await (pack ? pipeline(content, createGzip({ level: 2 }), response) : pipeline(content, response));
  } catch (error) {
    if (!context.gone || !isPremature(error)) context.log.error({ err: error }, "stream broke off");
    response.destroy();
  } finally {
    unwatch();
  }
}

const isPremature = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE";

async function* resumed(first: string, rest: AsyncGenerator<string, void, void>): AsyncGenerator<string, void, void> {
  try {
    yield first;
    yield* rest;
  } finally {
    await rest.return();
  }
}

async function* piecesOf(rows: Rows): AsyncGenerator<string, void, void> {
  let finished = false;
  try {
    let text = "";
    for (let next = await rows.next(); !next.done; next = await rows.next()) {
      const { value } = next;
      if (isBatch(value)) for (const row of value) text += line(row);
      else text += line(value);
      if (text !== "" && (text.length >= PIECE || isBatch(value))) {
        yield text;
        text = "";
      }
    }
    finished = true;
    if (text !== "") yield text;
  } finally {
    if (!finished) await rows.return?.();
  }
}

const isBatch = (value: Row | readonly Row[]): value is readonly Row[] => Array.isArray(value);
const line = (row: Row): string => `${typeof row === "string" ? row : JSON.stringify(row)}\n`;
