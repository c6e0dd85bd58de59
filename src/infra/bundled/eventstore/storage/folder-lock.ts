import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { DataFolderError } from "./errors";

/**
 * One server per data folder. On Linux the lock is a socket in the abstract namespace, which the kernel frees however
 * the process ends; elsewhere a file with the process id, taken over when that process is gone. The file is written in
 * both cases, to name the holder.
 */
export class FolderLock {
  private constructor(
    private readonly path: string,
    private readonly socket: Server | undefined,
  ) {}

  static async acquire(folder: string): Promise<FolderLock> {
    const path = join(folder, "lock");
    const holder = holderOf(path);
    const taken = new DataFolderError(
      `The data folder ${folder} is in use by another event store${holder === undefined ? "" : ` (process ${holder})`}; stop that one or choose another folder.`,
    );
    let socket: Server | undefined;
    if (process.platform === "linux") {
      const { dev, ino } = statSync(folder);
      socket = await listen(`\0millrace-eventstore-${dev}-${ino}`);
      if (!socket) throw taken;
    } else if (holder !== undefined && holder !== process.pid && isAlive(holder)) throw taken;
    writeFileSync(path, `${process.pid}\n`);
    return new FolderLock(path, socket);
  }

  release(): void {
    rmSync(this.path, { force: true });
    this.socket?.close();
  }
}

function holderOf(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, "utf8"));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Undefined where the address is taken. */
function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => connection.destroy());
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(undefined) : reject(error),
    );
    server.listen(path, () => resolve(server.unref()));
  });
}
