import { spawn, type ChildProcess } from "node:child_process";
import { MongodError } from "./errors";
import type { DataFolder } from "./data-folder";
import { accepts, HOST } from "./free-port";
import { pollUntil } from "./poll";

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface LaunchOptions {
  readonly binary: string;
  readonly folder: DataFolder;
  readonly port: number;
  readonly cacheSizeGB: number;
  /** What is passed beyond the common options: `--replSet`, or what the work offline needs. */
  readonly mode: readonly string[];
  /** Whether the mongod ends when this process does. */
  readonly tied: boolean;
}

/** How long a mongod may take to shut down, when it must still write much, before it is killed. */
const SHUTS_DOWN_WITHIN = 15_000;

/** Once this process is gone, and with it the other end of its standard input, `read` returns and mongod is ended. */
const WATCHER =
  'read -r _; kill -TERM "$0" 2>/dev/null; n=0; while [ $n -lt 150 ] && kill -0 "$0" 2>/dev/null; do sleep 0.1; n=$((n+1)); done; [ $n -lt 150 ] || kill -KILL "$0"';

/** A running mongod, as a process. */
export class MongodProcess {
  readonly exited: Promise<Exit>;
  private exit: Exit | undefined;
  private stopping: Promise<void> | undefined;

  private constructor(
    private readonly child: ChildProcess,
    readonly pid: number,
    /** Size of the log before this run. */
    readonly logStart: number,
  ) {
    this.exited = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        this.exit = { code, signal };
        resolve(this.exit);
      });
    });
  }

  static async launch(options: LaunchOptions): Promise<MongodProcess> {
    const logStart = await options.folder.logSize();
    // A session of its own: Ctrl-C on the terminal reaches the parent, which then stops mongod in good order.
    const child = spawn(options.binary, argumentsOf(options), { stdio: "ignore", detached: true });
    const { pid } = child;
    if (pid === undefined) {
      const error = await new Promise<Error>((resolve) => child.once("error", resolve));
      throw new MongodError(`${options.binary} cannot be started (${error.message}).`, { cause: error });
    }
    child.on("error", () => undefined);
    // One that may outlive this process must not keep it waiting.
    if (!options.tied) child.unref();
    const mongod = new MongodProcess(child, pid, logStart);
    if (options.tied && process.platform !== "win32") mongod.watchOverParent(pid);
    return mongod;
  }

  get ended(): Exit | undefined {
    return this.exit;
  }

  /** Until it accepts connections, which it does when its storage is recovered, or has ended. */
  async listening(port: number, deadline: number): Promise<boolean> {
    await pollUntil(async () => this.exit !== undefined || (await accepts(port)), deadline);
    return this.exit === undefined;
  }

  /** Ends it in good order: everything is written, and the next start has nothing to recover. */
  stop(): Promise<void> {
    this.stopping ??= this.shutDown();
    return this.stopping;
  }

  send(signal: NodeJS.Signals): void {
    if (!this.exit) this.child.kill(signal);
  }

  private async shutDown(): Promise<void> {
    if (this.exit) return;
    this.child.ref();
    this.child.kill("SIGTERM");
    const timer = setTimeout(() => this.child.kill("SIGKILL"), SHUTS_DOWN_WITHIN);
    await this.exited;
    clearTimeout(timer);
  }

  /** A `kill -9` of this process cannot be caught; a shell of a megabyte that waits for it can act. */
  private watchOverParent(pid: number): void {
    const watcher = spawn("/bin/sh", ["-c", WATCHER, String(pid)], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    // Without a shell the next start on the folder ends the mongod that was left behind.
    watcher.on("error", () => undefined);
    watcher.stdin.on("error", () => undefined);
    watcher.unref();
    (watcher.stdin as unknown as { unref?: () => void }).unref?.();
    void this.exited.then(() => watcher.kill("SIGKILL"));
  }
}

/** Chosen by measuring on two cores; see `bench` figures in ARCHITECTURE.md. */
function argumentsOf({ folder, port, cacheSizeGB, mode }: LaunchOptions): string[] {
  const parameters = {
    // Metrics for MongoDB's own support: disk writes each second that nobody here reads.
    diagnosticDataCollectionEnabled: false,
    // No other member could take over meanwhile, so there is nothing to wait for.
    shutdownTimeoutMillisForSignaledShutdown: 0,
    // Throttles writes while secondaries lag; there are none.
    enableFlowControl: false,
  };
  const options = ["--dbpath", folder.dir, "--port", String(port), "--bind_ip", HOST];
  options.push("--wiredTigerCacheSizeGB", String(cacheSizeGB));
  options.push("--logpath", folder.logFile, "--logappend", "--logRotate", "reopen", "--quiet");
  options.push("--pidfilepath", folder.pidFile);
  if (process.platform !== "win32") options.push("--nounixsocket");
  for (const [name, value] of Object.entries(parameters)) options.push("--setParameter", `${name}=${value}`);
  return [...options, ...mode];
}
