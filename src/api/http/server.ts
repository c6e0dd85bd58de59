import { type RequestListener } from "node:http";
import { type AddressInfo } from "node:net";
import { httpServer, type HttpServer, type TlsFiles } from "./tls";

export interface Listening {
  readonly server: HttpServer;
  /** E.g. `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly port: number;
  /** Takes no new requests, lets those under way end, and cuts what is left after `patience` ms. */
  close(patience?: number): Promise<void>;
}

/** Connections without requests stay open for so long, in ms: longer than load balancers keep theirs. */
const KEEP_ALIVE = 75_000;

/** Callers that may wait to be let in, should all come at once; the kernel resets the rest. Node's own figure is 511. */
const BACKLOG = 4_096;

export interface Place {
  readonly port: number;
  readonly host: string;
  /** In the clear when absent. */
  readonly tls?: TlsFiles | undefined;
}

/** @throws Error with one clear sentence when the address is taken or not ours, or the certificate cannot be used */
export async function listen(app: RequestListener, at: Place): Promise<Listening> {
  const server = httpServer({ keepAliveTimeout: KEEP_ALIVE, headersTimeout: KEEP_ALIVE + 5_000 }, app, at.tls);
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, at)));
    server.listen({ port: at.port, host: at.host, backlog: BACKLOG }, () => {
      const { port } = server.address() as AddressInfo;
      const host = at.host.includes(":") ? `[${at.host}]` : at.host;
      resolve({
        server,
        port,
        url: `${at.tls ? "https" : "http"}://${host}:${port}`,
        close: (patience) => close(server, patience),
      });
    });
  });
}

function listenError(error: NodeJS.ErrnoException, { host, port }: { host: string; port: number }): Error {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: "another program listens there already",
    EACCES: "this user may not",
    EADDRNOTAVAIL: "this machine has no such address",
  };
  const reason = reasons[error.code ?? ""] ?? error.message;
  return new Error(`cannot listen on ${host}:${port}: ${reason}`, { cause: error });
}

function close(server: HttpServer, patience = 3_000): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), patience);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
