import { readFileSync } from "node:fs";
import { createServer as createPlainServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import { createSecureContext } from "node:tls";

/** A server of HTTP, in the clear or over TLS. */
export type HttpServer = Server | TlsServer;

/** Files in PEM: the certificate, with those of its authorities but the last, and its private key. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Told that new files cannot be used. */
  readonly report?: (error: Error) => void;
  /** How often the files are looked at, in ms. */
  readonly look?: number;
}

/** Orchestrators exchange certificates by links that no watcher of files follows everywhere: they are read again. */
const LOOK = 5_000;

/**
 * The server for the address: over TLS where files are given, with a new certificate as soon as the files have one.
 * Connections go on with that which they began with.
 * @throws Error naming the file that cannot be used
 */
export function httpServer(options: ServerOptions, listener: RequestListener, tls?: TlsFiles): HttpServer {
  if (tls === undefined) return createPlainServer(options, listener);
  let pair = readPair(tls);
  const server = createTlsServer({ ...options, ...pair, minVersion: "TLSv1.2" }, listener);
  const timer = setInterval(() => {
    try {
      const found = readPair(tls);
      if (found.cert === pair.cert && found.key === pair.key) return;
      server.setSecureContext({ ...found, minVersion: "TLSv1.2" });
      pair = found;
    } catch (error) {
      tls.report?.(error instanceof Error ? error : new Error(String(error)));
    }
  }, tls.look ?? LOOK);
  timer.unref();
  server.once("close", () => clearInterval(timer));
  return server;
}

/** Both files, once they go together: half of a change is no pair. */
function readPair(files: TlsFiles): { readonly cert: string; readonly key: string } {
  const cert = read("TLS_CERT", files.cert);
  const key = read("TLS_KEY", files.key);
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    const reason = (cause as Error).message.replace(/^error:[^:]*:[^:]*:[^:]*:/, "");
    throw new Error(`TLS_CERT ${files.cert} and TLS_KEY ${files.key} cannot be used: ${reason}.`, { cause });
  }
  return { cert, key };
}

function read(setting: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new Error(`${setting}: ${(cause as Error).message}`, { cause });
  }
}
