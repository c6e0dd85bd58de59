import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";

/** mongod is only ever reached over loopback. */
export const HOST = "127.0.0.1";

/** A port that nobody listens on right now; another program may be faster, so the caller must be ready to ask again. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, HOST, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, HOST, () => server.close(() => resolve(true)));
  });
}

export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST);
    const answer = (yes: boolean) => {
      socket.destroy();
      resolve(yes);
    };
    socket.once("connect", () => answer(true));
    socket.once("error", () => answer(false));
  });
}

/**
 * Whether whatever holds the port accepts a connection and then says nothing to bytes that are not its protocol's.
 * mongod asks the address in its replica set's configuration "are you me?" and waits 30 s for such a one.
 */
export function staysSilent(port: number, within = 400): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST);
    const answer = (silent: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(silent);
    };
    const timer = setTimeout(() => answer(true), within);
    socket.once("connect", () => socket.write(helloMessage()));
    socket.once("data", () => answer(false));
    socket.once("end", () => answer(false));
    socket.once("error", () => answer(false));
  });
}

/** MongoDB's oldest wire message, OP_QUERY `{isMaster: 1}` on `admin.$cmd`: what mongod itself would begin with. */
function helloMessage(): Buffer {
  const query = Buffer.from("130000001069734d6173746572000100000000", "hex");
  const collection = Buffer.from("admin.$cmd\0", "latin1");
  const message = Buffer.alloc(16 + 4 + collection.length + 8 + query.length);
  message.writeInt32LE(message.length, 0);
  message.writeInt32LE(1, 4);
  message.writeInt32LE(2004, 12);
  collection.copy(message, 20);
  message.writeInt32LE(-1, 20 + collection.length + 4);
  query.copy(message, 28 + collection.length);
  return message;
}
