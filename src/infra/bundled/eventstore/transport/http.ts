import { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { type IncomingHttpHeaders as Http2Headers, type ServerHttp2Stream } from "node:http2";
import { type Readable } from "node:stream";

/** A call in plain HTTP, as a few clients, probes and scripts make it. */
export interface HttpRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export type HttpHandler = (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>;

const LARGEST_BODY = 4 * 1024 * 1024;

export function serveHttp1(handler: HttpHandler, request: IncomingMessage, response: ServerResponse): void {
  const { method = "GET", url = "/", headers } = request;
  answer(handler, request, { method, path: pathOf(url), headers }, ({ status, headers: fields, body }) => {
    response.writeHead(status, fields).end(body);
  });
}

export function serveHttp2(handler: HttpHandler, stream: ServerHttp2Stream, headers: Http2Headers): void {
  stream.on("error", () => undefined);
  const about = { method: headers[":method"] ?? "GET", path: pathOf(headers[":path"] ?? "/"), headers };
  answer(handler, stream, about, ({ status, headers: fields, body }) => {
    if (stream.destroyed) return;
    stream.respond({ ":status": status, ...fields }, { endStream: body === undefined });
    if (body !== undefined) stream.end(body);
  });
}

function answer(
  handler: HttpHandler,
  source: Readable,
  about: Omit<HttpRequest, "body">,
  reply: (answer: HttpAnswer) => void,
): void {
  const parts: Buffer[] = [];
  let size = 0;
  source.on("data", (part: Buffer) => {
    size += part.length;
    if (size <= LARGEST_BODY) parts.push(part);
  });
  source.on("end", () => {
    if (size > LARGEST_BODY) {
      reply({ status: 413, body: "The request is larger than the server accepts.\n" });
      return;
    }
    new Promise<HttpAnswer>((resolve) => resolve(handler({ ...about, body: Buffer.concat(parts) }))).then(
      reply,
      (error: Error) => reply({ status: 500, body: `${error.message}\n` }),
    );
  });
}

const pathOf = (target: string): string => target.split("?")[0] ?? "/";
