import { createServer as createHttpServer, type RequestListener } from "node:http";
import {
  createSecureServer,
  createServer,
  type Http2Session,
  type ServerHttp2Stream,
  type IncomingHttpHeaders,
} from "node:http2";
import { createServer as createNetServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Call, type Caller, framed } from "./call";
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
  readonly http: RequestListener;
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
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly options: TransportOptions,
  ) {}

  static async listen(options: TransportOptions): Promise<GrpcServer> {
    const http2Options = { settings: SETTINGS, maxSessionMemory: 1024, maxHeaderListPairs: 256 };
    const http1 = createHttpServer(options.http);
    const http2 = options.tls
      ? createSecureServer({ ...http2Options, ...options.tls, allowHTTP1: true }, (request, response) => {
          if (request.httpVersionMajor < 2) options.http(request as never, response as never);
        })
      : createServer(http2Options);
    const listener = options.tls
      ? (http2 as unknown as Server)
      : createNetServer({ noDelay: true }, (socket) => sniff(socket, http1, http2));
    const self = new GrpcServer(listener, options);
    listener.on("connection", (socket: Socket) => {
      socket.setNoDelay(true);
      self.sockets.add(socket);
      socket.on("close", () => self.sockets.delete(socket));
      socket.on("error", () => undefined);
    });
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
      // TLS clients speak plain HTTP/2 to the few HTTP addresses; only a status can be of use to them.
      stream.on("error", () => undefined);
      stream.respond({ ":status": path === "/health/live" ? 204 : 404 }, { endStream: true });
      return;
    }
    const call = new Call(stream, headers, stream.session?.socket.remoteAddress ?? "");
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
function sniff(
  socket: Socket,
  http1: ReturnType<typeof createHttpServer>,
  http2: ReturnType<typeof createServer>,
): void {
  socket.on("error", () => undefined);
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
