import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import {
  createServer as createHttp2Server,
  type Http2Server,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { Call, type Caller, framed } from "./call";
import { type HttpHandler, serveHttp1, serveHttp2 } from "./http";
import { invalidArgument, unimplemented } from "./status";

/** Answers one message with one message. */
export type UnaryHandler = (request: Buffer, call: Call) => Buffer | Promise<Buffer>;
/** Has the call to itself. */
export type StreamHandler = (call: Call) => void;

export type Method = { readonly unary: UnaryHandler } | { readonly stream: StreamHandler };
export type Routes = ReadonlyMap<string, Method>;

export interface TransportOptions {
  readonly host: string;
  readonly port: number;
  readonly routes: Routes;
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
  /** Throws, or rejects with, a `GrpcError` for credentials that do not hold. */
  readonly authenticate: (authorization: string | undefined) => Caller | undefined | Promise<Caller | undefined>;
  /** Plain HTTP on the same port, for health checks and the few calls that clients make so. */
  readonly http: HttpHandler;
}

const SETTINGS = { initialWindowSize: 1024 * 1024, maxConcurrentStreams: 100_000, maxFrameSize: 64 * 1024 };
const CONNECTION_WINDOW = 16 * 1024 * 1024;
const HTTP2_PREFACE = "PRI * HTTP/2";

/**
 * gRPC on node's own HTTP/2. Written for this protocol instead of using a gRPC library: an event is sent as the bytes
 * it is stored as, many of them in one write, which a library's message-by-message interface cannot do.
 */
export class GrpcServer {
  private readonly sessions = new Set<Http2Session>();
  /** Calls under way. */
  open = 0;

  private constructor(
    private readonly server: Server,
    private readonly sockets: ReadonlySet<Socket>,
    private readonly options: TransportOptions,
  ) {}

  static async listen(options: TransportOptions): Promise<GrpcServer> {
    const http2 = createHttp2Server({ settings: SETTINGS, maxSessionMemory: 1024, maxHeaderListPairs: 256 });
    const http1 = createHttpServer((request, response) => serveHttp1(options.http, request, response));
    const sockets = new Set<Socket>();
    const take = (socket: Socket): void => {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      socket.on("error", () => undefined);
      sniff(socket, http1, http2);
    };
    const listener = options.tls ? secureServer(options.tls, take) : createServer(take);
    const self = new GrpcServer(listener, sockets, options);
    // A client that gives up during the handshake is its own affair.
    listener.on("tlsClientError", () => undefined);
    http2.on("sessionError", () => undefined);
    http2.on("session", (session: Http2Session) => {
      self.sessions.add(session);
      session.setLocalWindowSize(CONNECTION_WINDOW);
      session.on("close", () => self.sessions.delete(session));
      session.on("error", () => undefined);
    });
    http2.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => self.accept(stream, headers));
    await new Promise<void>((resolve, reject) => {
      listener.once("error", reject);
      listener.listen(options.port, options.host, () => {
        listener.removeListener("error", reject);
        resolve();
      });
    });
    return self;
  }

  get connections(): number {
    return this.sockets.size;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const session of this.sessions) session.destroy();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private accept(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const path = headers[":path"] ?? "";
    if (!String(headers["content-type"] ?? "").startsWith("application/grpc")) {
      serveHttp2(this.options.http, stream, headers);
      return;
    }
    const call = new Call(stream, headers, stream.session?.socket.remoteAddress ?? "");
    this.open++;
    call.closing(() => this.open--);
    const method = this.options.routes.get(path);
    if (!method) {
      call.fail(unimplemented(path.slice(1)));
      return;
    }
    try {
      const caller = this.options.authenticate(headers.authorization);
      if (caller instanceof Promise) {
        caller.then(
          (known) => begin(call, method, known),
          (error: unknown) => call.fail(error),
        );
      } else begin(call, method, caller);
    } catch (error) {
      call.fail(error);
    }
  }
}

function secureServer(tls: { cert: Buffer; key: Buffer }, take: (socket: Socket) => void): Server {
  try {
    return createTlsServer({ ...tls, ALPNProtocols: ["h2", "http/1.1"] }, take);
  } catch (error) {
    throw new Error(`The TLS certificate and its key cannot be used: ${(error as Error).message}.`, { cause: error });
  }
}

function begin(call: Call, method: Method, caller: Caller | undefined): void {
  if (call.closed) return;
  call.caller = caller;
  try {
    if ("stream" in method) method.stream(call);
    else unary(call, method.unary);
  } catch (error) {
    call.fail(error);
  }
}

function unary(call: Call, handler: UnaryHandler): void {
  let request: Buffer | undefined;
  call.receive(
    (message) => {
      request = message;
    },
    () => {
      if (!request) {
        call.fail(invalidArgument("The request is empty."));
        return;
      }
      try {
        const answer = handler(request, call);
        if (answer instanceof Promise) {
          answer.then(
            (message) => respond(call, message),
            (error: unknown) => call.fail(error),
          );
        } else respond(call, answer);
      } catch (error) {
        call.fail(error);
      }
    },
  );
}

function respond(call: Call, message: Buffer): void {
  call.write(framed(message));
  call.finish();
}

/** Both protocols share the port: HTTP/2 announces itself with its first bytes. */
function sniff(socket: Socket, http1: HttpServer, http2: Http2Server): void {
  socket.once("readable", () => {
    const first = socket.read() as Buffer | null;
    if (!first) {
      socket.destroy();
      return;
    }
    socket.unshift(first);
    const target = first.latin1Slice(0, HTTP2_PREFACE.length) === HTTP2_PREFACE.slice(0, first.length) ? http2 : http1;
    target.emit("connection", socket);
    if (target === http1) socket.resume();
  });
}
