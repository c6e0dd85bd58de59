import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MongodError, type Log } from "./errors";
import { inUse } from "./folder-lock";
import { isRunning, nameOf } from "./process-identity";

/** What Millrace keeps beside mongod's own files. */
const PORT_FILE = "port";
const PID_FILE = "mongod.pid";
const LOG_FILE = "mongod.log";
const LOG_LIMIT = 4 * 1024 * 1024;

/** How long a mongod whose engine is gone may take to shut down before it is killed. */
const ORPHAN_ENDS_WITHIN = 10_000;

/** A folder with one mongod's data and what Millrace must remember about it. */
export class DataFolder {
  readonly logFile: string;
  readonly pidFile: string;

  constructor(readonly dir: string) {
    this.logFile = join(dir, LOG_FILE);
    this.pidFile = join(dir, PID_FILE);
  }

  /**
   * Makes the folder when it is not there.
   * @throws MongodError when it cannot be made, or holds something else than MongoDB's data
   */
  async prepare(): Promise<void> {
    try {
      await mkdir(this.dir, { recursive: true, mode: 0o700 });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const reason = code === "EEXIST" || code === "ENOTDIR" ? "a file is in its place" : code;
      throw new MongodError(`The data folder ${this.dir} cannot be made (${reason}).`, { cause: error });
    }
    const names = await readdir(this.dir);
    const foreign = names.filter((name) => !/^(port|mongod\.|millrace\.|\.|lost\+found)/.test(name));
    if (foreign.length > 0 && !names.includes("WiredTiger")) {
      throw new MongodError(
        `The folder ${this.dir} holds other files (${foreign.slice(0, 3).join(", ")}) and no MongoDB data: ` +
          "choose an empty or new one.",
      );
    }
  }

  async hasData(): Promise<boolean> {
    return stat(join(this.dir, "WiredTiger")).then(
      () => true,
      () => false,
    );
  }

  /** The port that the replica set knows itself by. */
  async storedPort(): Promise<number | undefined> {
    const port = Number(await readFile(join(this.dir, PORT_FILE), "utf8").catch(() => ""));
    return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
  }

  async storePort(port: number): Promise<void> {
    const file = join(this.dir, PORT_FILE);
    await writeFile(`${file}.new`, `${port}\n`);
    await rename(`${file}.new`, file);
  }

  /**
   * Ends a mongod that a killed engine left behind: its own shutdown may be under way, or it may know nothing of it.
   * @throws MongodError when the folder's mongod is not one of ours
   */
  async endOrphan(log: Log): Promise<void> {
    // mongod writes both files, the pid file only when Millrace starts it; the lock file is emptied before it ends.
    const ours = await this.runningMongod(PID_FILE);
    const holder = await this.runningMongod("mongod.lock");
    if (holder !== undefined && holder !== ours) throw new MongodError(inUse(this.dir, holder));
    if (ours === undefined) return;
    log(`Ending the mongod (process ${ours}) of an engine that is gone`);
    signal(ours, "SIGTERM");
    const deadline = Date.now() + ORPHAN_ENDS_WITHIN;
    while (await isRunning({ pid: ours })) {
      if (Date.now() > deadline) signal(ours, "SIGKILL");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await rm(this.pidFile, { force: true });
  }

  /** The process that the file names, if it is there and still a mongod: after a reboot the number may be anybody's. */
  private async runningMongod(file: string): Promise<number | undefined> {
    const pid = Number.parseInt(await readFile(join(this.dir, file), "utf8").catch(() => ""), 10);
    if (!(pid > 0) || !(await isRunning({ pid }))) return undefined;
    const name = await nameOf(pid);
    return name === undefined || name.includes("mongo") ? pid : undefined;
  }

  /** Keeps the log small: one old file of a few megabytes beside the current one. Whether it was moved away. */
  async rotateLog(): Promise<boolean> {
    const size = await this.logSize();
    if (size < LOG_LIMIT) return false;
    await rename(this.logFile, `${this.logFile}.1`);
    return true;
  }

  async logSize(): Promise<number> {
    return stat(this.logFile).then(
      ({ size }) => size,
      () => 0,
    );
  }

  /** The log from a byte on, at most its last 256 KiB. */
  async readLog(from: number): Promise<string> {
    const file = await open(this.logFile).catch(() => undefined);
    if (!file) return "";
    try {
      const { size } = await file.stat();
      const start = Math.max(from, size - 256 * 1024);
      const buffer = Buffer.alloc(Math.max(0, size - start));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
      return buffer.toString("utf8", 0, bytesRead);
    } finally {
      await file.close();
    }
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself in between.
  }
}
