import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readRunRecord } from "./data-folder";
import { developmentKey, keyOf } from "./running-shop";

/** A shop of our own with the demo articles, gone after use. */
export interface TemporaryShop {
  readonly url: string;
  readonly key: string;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

/** A first start may fetch a database. */
const START_PATIENCE = 180_000;
const STOP_PATIENCE = 20_000;
/** The last lines that a shop which does not come up has written. */
const LAST_WORDS = 2_000;

/** Settings that would make the shop another one than that of its own folder, such as stores that are in use. */
const NOT_INHERITED = ["EVENTSTORE_URL", "MONGODB_URL", "MONGODB_PREFIX", "PORT", "HOST", "DATA_DIR", "ADMIN_API_KEY"];

/** Starts a shop in a process of its own on a new folder, on any free port. @throws when it does not come up */
export async function temporaryShop(signal?: AbortSignal): Promise<TemporaryShop> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_INHERITED.includes(name)));
  const main = join(__dirname, "..", "main.js");
  const child = spawn(process.execPath, [...process.execArgv, main, "start", "--port", "0", "--data", folder], {
    env: { LOG_LEVEL: "warn", ...env },
    stdio: ["ignore", "ignore", "pipe"],
    // Ctrl-C at the terminal goes to the whole group; this one is stopped when its folder is not needed any more.
    detached: true,
  });
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-LAST_WORDS)));
  const remove = async (): Promise<void> => {
    await stop(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const url = await comesUp(child, folder, () => said, signal);
    return { url, key: keyOf({ url, key: developmentKey(folder) }, folder), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function comesUp(
  child: ChildProcess,
  folder: string,
  said: () => string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const deadline = Date.now() + START_PATIENCE;
  while (Date.now() < deadline) {
    const record = readRunRecord(folder);
    if (record !== undefined && record.url !== "") return record.url;
    if (hasEnded(child)) throw new Error(`The shop to measure did not start: ${said().trim()}`);
    await sleep(50, undefined, { signal });
  }
  throw new Error(`The shop to measure was not ready within ${START_PATIENCE / 1000} s: ${said().trim()}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), STOP_PATIENCE);
  await ended;
  clearTimeout(late);
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;
