import { type EventEmitter } from "node:events";
import { createRequire } from "node:module";
import { MongoNetworkError } from "mongodb";

/** The parts of the driver's connection that matter here; not public. */
interface Connection {
  readonly socket: EventEmitter;
  /** Set once the driver has noticed the end of the socket. */
  readonly error: Error | null;
  writeCommand(command: unknown, options: unknown): Promise<void>;
}

let guarded = false;

/**
 * Keeps operations from waiting for ever when the server goes away.
 *
 * A socket that has just lost its peer is destroyed some steps of the event loop before it says so (`close`). Written
 * to in between, it takes nothing, and says neither `drain` nor `error`; the driver (7.9) waits for one of these. Here
 * the end of the socket ends that wait, and the driver does what it does with other lost connections: it tries again.
 */
export function guardAgainstDeadSockets(): void {
  if (guarded) return;
  guarded = true;
  const driver = createRequire(__filename)("mongodb/lib/cmap/connection") as { Connection?: { prototype: Connection } };
  const connection = driver.Connection?.prototype;
  if (typeof connection?.writeCommand !== "function") return; // another driver, with other ways
  const { writeCommand } = connection;
  connection.writeCommand = function (this: Connection, command, options) {
    const { socket } = this;
    return new Promise((resolve, reject) => {
      // The driver hears of the end first, and has its reason ready.
      const ended = () => reject(this.error ?? new MongoNetworkError("the connection was closed"));
      socket.once("close", ended);
      writeCommand
        .call(this, command, options)
        .then(resolve, reject)
        .finally(() => socket.off("close", ended));
    });
  };
}
