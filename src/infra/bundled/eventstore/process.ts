import { fork, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { join, sep } from "node:path";
import { type EventStoreOptions, type RunningEventStore } from "./options";

/** From parent to child. */
export type ToChild =
  | { readonly type: "start"; readonly options: Omit<EventStoreOptions, "log" | "onShutdown"> }
  | { readonly type: "stop" };

/** From child to parent. */
export type FromChild =
  | { readonly type: "ready"; readonly port: number; readonly url: string }
  | { readonly type: "failed"; readonly message: string }
  | { readonly type: "log"; readonly line: string };

export interface SpawnedEventStore extends RunningEventStore {
  readonly pid: number;
  /** Resolves with the exit code, null where a signal ended the process. */
  readonly exited: Promise<number | null>;
}

/**
 * Runs the server in a process of its own, so that its work never holds up the caller's event loop. The process ends
 * when the caller ends, however that happens, and ignores the terminal's Ctrl-C: the caller says when to stop.
 */
export async function spawnEventStore(options: EventStoreOptions): Promise<SpawnedEventStore> {
  const { log, onShutdown, ...rest } = options;
  const child = fork(childFile(), [], { stdio: ["ignore", "ignore", "inherit", "ipc"], execArgv: [] });
  const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  const ready = new Promise<{ port: number; url: string }>((resolve, reject) => {
    child.on("message", (message: FromChild) => {
      switch (message.type) {
        case "log":
          log?.(message.line);
          return;
        case "ready":
          resolve(message);
          return;
        case "failed":
          reject(new Error(message.message));
      }
    });
    child.once("error", (error) => reject(new Error(`The event store could not be started: ${error.message}.`)));
    child.once("exit", (code, signal) =>
      reject(new Error(`The event store ended before it was ready (${signal ?? `code ${code}`}).`)),
    );
  });
  send(child, { type: "start", options: rest });
  const { port, url } = await ready;
  let stopping = false;
  void exited.then((code) => {
    if (code === 0 && !stopping) onShutdown?.();
  });
  return {
    port,
    url,
    pid: child.pid as number,
    exited,
    async stop() {
      stopping = true;
      send(child, { type: "stop" });
      await exited;
    },
  };
}

function send(child: ChildProcess, message: ToChild): void {
  // A child that has just died cannot be told anything, and needs not be.
  if (child.connected) child.send(message, () => undefined);
}

/** The compiled entry file; run from TypeScript sources (tests), the one of the last build. */
function childFile(): string {
  const beside = join(__dirname, "child.js");
  if (existsSync(beside)) return beside;
  const built = beside.replace(`${sep}src${sep}`, `${sep}dist${sep}`);
  if (!existsSync(built)) throw new Error("The event store's entry file is missing; run `npm run build` first.");
  return built;
}
