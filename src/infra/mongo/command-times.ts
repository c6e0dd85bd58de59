import { createRequire } from "node:module";

/** Is told of each command's name, whether it was done, and how long it took in seconds. */
export type CommandTimes = (operation: string, outcome: "done" | "failed", seconds: number) => void;

/** The part of the driver's connection that matters here; not public. */
interface Connection {
  command(namespace: unknown, command: object, ...more: readonly unknown[]): Promise<unknown>;
}

const listeners = new Set<CommandTimes>();
let patched = false;

/** What the driver asks for itself, whether anybody wants something of the database or not. */
const OWN: ReadonlySet<string> = new Set(["hello", "isMaster", "ismaster", "saslStart", "saslContinue", "ping"]);

/**
 * Takes the time of every command that this process sends to MongoDB. The driver's own monitoring unpacks each answer
 * once more, so that a page of 500 documents costs it a quarter more processor; this costs two looks at the clock.
 * @returns ends it
 */
export function timeCommands(listener: CommandTimes): () => void {
  patch();
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function patch(): void {
  if (patched) return;
  patched = true;
  const driver = createRequire(__filename)("mongodb/lib/cmap/connection") as { Connection?: { prototype: Connection } };
  const connection = driver.Connection?.prototype;
  if (typeof connection?.command !== "function") return; // another driver, with other ways
  const { command: original } = connection;
  connection.command = function (this: Connection, namespace, command, ...more) {
    const answer = original.call(this, namespace, command, ...more);
    if (listeners.size === 0) return answer;
    const operation = Object.keys(command)[0] ?? "";
    if (OWN.has(operation)) return answer;
    const began = performance.now();
    const tell = (outcome: "done" | "failed") => {
      const seconds = (performance.now() - began) / 1000;
      for (const listener of listeners) listener(operation, outcome, seconds);
    };
    answer.then(
      () => tell("done"),
      () => tell("failed"),
    );
    return answer;
  };
}
