import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { DomainError } from "../../domains/kernel";
import { SECURITY_HEADERS } from "../../infra/security";
import { matchesAny, revisionEtag } from "./conditional";
import { CONSISTENCY_HEADER, encodeToken } from "./consistency";
import { sendEvents } from "./live-events";
import { Problem, problemOfRefusal } from "./problem";
import { type AnyReply, EVENTS_TYPE, JSON_TYPE, NDJSON_TYPE, Prepared, type RawReply, type ReplyExtras } from "./reply";
import { type RequestContext } from "./request-context";
import { takesGzip } from "./request-headers";
import { sendRows } from "./rows";

/** Answers smaller than this are not worth packing. */
const GZIP_FROM = 2048;
/** Answers made for one request are packed from here on: it costs time that a repeated answer spends once. */
const GZIP_ONCE_FROM = 16 * 1024;
/** Whoever keeps its token by this header keeps one that works. */
const SHOPPER_HEADER = "Shopper-Token";
const PROBLEM_TYPE = "application/problem+json; charset=utf-8";

const packed = promisify(gzip);

/** Sends a reply; a promise while there is still something to do. Rejects before anything is sent, or not at all. */
export function send(context: RequestContext, reply: AnyReply): void | Promise<void> {
  if (context.gone) return;
  if (reply instanceof DomainError) return sendProblem(context, problemOfRefusal(reply));
  if (reply instanceof Problem) return sendProblem(context, reply);
  if ("stream" in reply) {
    const head = headOf(context, reply, NDJSON_TYPE);
    head.push("Vary", "Accept-Encoding");
    return sendRows(context, reply.status, head, reply.stream);
  }
  if ("events" in reply) return sendEvents(context, reply.status, headOf(context, reply, EVENTS_TYPE), reply.events);
  if ("raw" in reply) return sendRaw(context, reply);
  if (reply.body === undefined) return sendText(context, reply.status, headOf(context, reply, undefined), undefined);
  if (isFresh(context, reply.status, etagOf(reply))) return sendNotModified(context, reply);
  return sendJson(context, reply.status, headOf(context, reply, JSON_TYPE), JSON.stringify(reply.body));
}

export function sendProblem(context: RequestContext, problem: Problem): void {
  const head = headOf(context, {}, PROBLEM_TYPE, "no-store");
  for (const name in problem.headers) head.push(name, problem.headers[name] ?? "");
  sendText(context, problem.status, head, JSON.stringify(problem.document(context.correlationId)));
}

function sendRaw(context: RequestContext, reply: RawReply): void {
  const { raw } = reply;
  if (!(raw instanceof Prepared)) {
    if (isFresh(context, reply.status, etagOf(reply))) return sendNotModified(context, reply);
    return sendText(context, reply.status, headOf(context, reply, reply.contentType ?? JSON_TYPE), raw);
  }
  const etag = etagOf(reply) ?? raw.etag;
  if (isFresh(context, reply.status, etag)) return sendNotModified(context, { ...reply, etag });
  const head = headOf(context, reply, raw.contentType);
  if (reply.etag === undefined) head.push("ETag", etag);
  if (raw.plain.length < GZIP_FROM) return sendText(context, reply.status, head, raw.plain);
  head.push("Vary", "Accept-Encoding");
  if (!takesGzip(context.request.headers["accept-encoding"])) return sendText(context, reply.status, head, raw.plain);
  head.push("Content-Encoding", "gzip");
  sendText(context, reply.status, head, raw.gzipped());
}

function sendJson(context: RequestContext, status: number, head: string[], text: string): void | Promise<void> {
  if (text.length < GZIP_ONCE_FROM) return sendText(context, status, head, text);
  head.push("Vary", "Accept-Encoding");
  if (!takesGzip(context.request.headers["accept-encoding"])) return sendText(context, status, head, text);
  head.push("Content-Encoding", "gzip");
  return packed(text, { level: 2 }).then((bytes) => sendText(context, status, head, bytes));
}

function sendNotModified(context: RequestContext, reply: ReplyExtras): void {
  sendText(context, 304, headOf(context, reply, undefined), undefined);
}

function sendText(context: RequestContext, status: number, head: string[], content: string | Buffer | undefined): void {
  if (content !== undefined)
    head.push("Content-Length", String(typeof content === "string" ? Buffer.byteLength(content) : content.length));
  else if (status !== 204 && status !== 304) head.push("Content-Length", "0");
  context.response.writeHead(status, head);
  if (content === undefined || context.request.method === "HEAD") context.response.end();
  else context.response.end(content);
}

/** The answer's headers as a flat list, which node writes without looking each of them up. */
function headOf(context: RequestContext, reply: ReplyExtras, type: string | undefined, cache?: string): string[] {
  const head = SECURITY_HEADERS.slice();
  if (type !== undefined) head.push("Content-Type", type);
  head.push("Cache-Control", cache ?? reply.cache ?? context.route?.cache ?? "no-store");
  head.push("X-Correlation-Id", context.correlationId);
  const etag = etagOf(reply);
  if (etag !== undefined) head.push("ETag", etag);
  if (reply.token !== undefined) head.push(CONSISTENCY_HEADER, encodeToken(reply.token));
  if (reply.waited) head.push("Preference-Applied", "wait");
  const { renewal } = context;
  if (renewal !== undefined && reply.headers?.[SHOPPER_HEADER] === undefined) head.push(SHOPPER_HEADER, renewal);
  for (const name in reply.headers) {
    const at = name === "Content-Security-Policy" ? head.indexOf(name) : -1;
    if (at < 0) head.push(name, reply.headers[name] ?? "");
    else head[at + 1] = reply.headers[name] ?? "";
  }
  return head;
}

const etagOf = ({ etag }: ReplyExtras): string | undefined => (typeof etag === "number" ? revisionEtag(etag) : etag);

function isFresh(context: RequestContext, status: number, etag: string | undefined): boolean {
  if (etag === undefined || status !== 200) return false;
  const { method, headers } = context.request;
  const known = headers["if-none-match"];
  return known !== undefined && (method === "GET" || method === "HEAD") && matchesAny(known, etag);
}
