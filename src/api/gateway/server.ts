import { type RequestListener, STATUS_CODES } from "node:http";
import { type AddressInfo, type Socket } from "node:net";
import { httpServer, type HttpServer, type TlsFiles } from "../http";
import { problemType } from "../http/problem";

/** Limits of time, in ms, and size, that a caller meets before anything of its request is looked at. */
export const CALLER_LIMITS = {
  /** All headers together, in bytes. */
  headerSize: 16 * 1024,
  /** Until the headers are there: who sends them byte by byte is let go. */
  headers: 10_000,
  /** Until the whole request is there. */
  request: 60_000,
  /** A connection without a request. */
  idle: 75_000,
  /** A connection on which nothing moves in either direction. */
  stalled: 180_000,
  connections: 20_000,
  /** How often the times are looked at. */
  look: 1_000,
} as const;

/** Callers that may wait to be let in, should all come at once. */
const BACKLOG = 4_096;

export type CallerLimits = { readonly [Name in keyof typeof CALLER_LIMITS]: number };

/** The gateway's server: node's strict parser, and no patience with those who are slow on purpose. */
export function gatewayServer(
  listener: RequestListener,
  limits: CallerLimits = CALLER_LIMITS,
  tls?: TlsFiles,
): HttpServer {
  const server = httpServer(
    {
      insecureHTTPParser: false,
      requireHostHeader: true,
      maxHeaderSize: limits.headerSize,
      headersTimeout: limits.headers,
      requestTimeout: limits.request,
      keepAliveTimeout: limits.idle,
      connectionsCheckingInterval: limits.look,
      noDelay: true,
    },
    listener,
    tls,
  );
  server.maxConnections = limits.connections;
  server.timeout = limits.stalled;
  server.on("clientError", refuseConnection);
  // No other protocol is spoken here: the request is answered as one of HTTP, or not at all.
  server.on("connect", (_request, socket) => socket.destroy());
  return server;
}

const FAULTS: Readonly<Record<string, readonly [status: number, code: string, detail: string]>> = {
  HPE_HEADER_OVERFLOW: [431, "headers-too-large", "The headers are larger than this server takes."],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "request-timeout", "The request did not come in time."],
};
const MALFORMED = [400, "malformed-request", "The request is not well-formed HTTP/1.1."] as const;

/** Answers what is no request, and closes: what follows on the connection cannot be trusted. */
function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy();
  const [status, code, detail] = FAULTS[error.code ?? ""] ?? MALFORMED;
  const body = JSON.stringify({ type: problemType(code), title: STATUS_CODES[status], status, detail, code });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nConnection: close\r\n` +
      `Content-Type: application/problem+json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** @throws Error with one clear sentence when the address is taken or not ours */
export function listenAt(server: HttpServer, at: { readonly host: string; readonly port: number }): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: Error) =>
      reject(new Error(`cannot listen on ${at.host}:${at.port}: ${error.message}`, { cause: error })),
    );
    server.listen({ host: at.host, port: at.port, backlog: BACKLOG }, () => {
      const { port } = server.address() as AddressInfo;
      const scheme = "setSecureContext" in server ? "https" : "http";
      resolve(`${scheme}://${at.host.includes(":") ? `[${at.host}]` : at.host}:${port}`);
    });
  });
}

/** Takes no new connections, lets requests under way end, and cuts what is left after `patience` ms. */
export function closeServer(server: HttpServer, patience: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), patience);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
