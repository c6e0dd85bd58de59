import { type IncomingMessage, type ServerResponse } from "node:http";
import { matchesAny } from "../../http/conditional";
import { takesGzip } from "../../http/request-headers";
import { type StaticFile, type StaticFiles } from "./read-files";

/** Pages of the shop's own files: what they load comes from the same place, and nobody frames them. */
const HEADERS = [
  "X-Content-Type-Options",
  "nosniff",
  "Referrer-Policy",
  "strict-origin-when-cross-origin",
  "Content-Security-Policy",
  "default-src 'self'; img-src 'self' data: https:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'",
] as const;

const NO_BROTLI = /\bbr\s*;\s*q\s*=\s*0(?:\.0*)?\s*(?:,|$)/i;
const takesBrotli = (header: string | undefined): boolean =>
  header !== undefined && /(?:^|[,\s])br(?:$|[,;\s])/.test(header) && !NO_BROTLI.test(header);

/** Answers with the file at the path, if there is one and it is read. */
export function serveFile(
  request: IncomingMessage,
  response: ServerResponse,
  files: StaticFiles,
  path: string,
  extra: readonly string[],
): boolean {
  const file = request.method === "GET" || request.method === "HEAD" ? fileAt(files, path) : undefined;
  if (file === undefined) return false;
  const head = [...HEADERS, "Cache-Control", file.cacheControl, "ETag", file.etag, ...extra];
  if (file.gzip ?? file.br) head.push("Vary", "Accept-Encoding");
  const known = request.headers["if-none-match"];
  if (known !== undefined && matchesAny(known, file.etag)) {
    response.writeHead(304, head).end();
    return true;
  }
  const accept = request.headers["accept-encoding"];
  let content = file.plain;
  if (file.br !== undefined && takesBrotli(String(accept))) {
    content = file.br;
    head.push("Content-Encoding", "br");
  } else if (file.gzip !== undefined && takesGzip(accept)) {
    content = file.gzip;
    head.push("Content-Encoding", "gzip");
  }
  head.push("Content-Type", file.type, "Content-Length", String(content.length));
  response.writeHead(200, head);
  response.end(request.method === "HEAD" ? undefined : content);
  return true;
}

function fileAt(files: StaticFiles, path: string): StaticFile | undefined {
  const found = files.get(path);
  if (found !== undefined || !path.includes("%")) return found;
  try {
    return files.get(decodeURIComponent(path));
  } catch {
    return undefined;
  }
}
