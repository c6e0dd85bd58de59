import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

/** The data folder is in use by another Millrace. */
export class DataFolderInUse extends Error {}

/** What a running engine leaves in its data folder for other commands: where its parts can be reached. */
export interface RunRecord {
  readonly pid: number;
  readonly url: string;
  readonly eventstoreUrl: string;
  readonly mongoUrl: string;
  readonly mongoPrefix: string;
}

const LOCK = "millrace.lock";
const RECORD = "run.json";

/**
 * Holds a data folder for this process alone.
 * @throws DataFolderInUse while another living process holds it
 */
export function lockDataFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, LOCK);
  for (;;) {
    try {
      const file = openSync(path, "wx");
      writeSync(file, `${process.pid}\n`);
      closeSync(file);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = holderOf(path);
    if (holder !== undefined && holder !== process.pid && isAlive(holder))
      throw new DataFolderInUse(
        `${folder} is in use by another Millrace (process ${holder}). Stop it first, or choose another folder with --data.`,
      );
    rmSync(path, { force: true }); // left behind by a process that was killed
  }
}

export function writeRunRecord(folder: string, record: RunRecord): void {
  writeFileSync(join(folder, RECORD), `${JSON.stringify(record, null, 2)}\n`);
}

export function removeRunRecord(folder: string): void {
  rmSync(join(folder, RECORD), { force: true });
}

/** The engine that runs on the folder now, if any. */
export function readRunRecord(folder: string): RunRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(join(folder, RECORD), "utf8")) as RunRecord;
    return isAlive(record.pid) ? record : undefined;
  } catch {
    return undefined;
  }
}

function holderOf(path: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(path, "utf8"), 10);
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a process lives and is a Node program: after a restart of the machine its number may belong to another. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("node");
  } catch {
    return true; // no /proc here: alive is all that can be told
  }
}
