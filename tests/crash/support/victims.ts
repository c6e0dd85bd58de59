import { spawn, type ChildProcess } from "node:child_process";
import { appendFileSync, createWriteStream, readFileSync, type WriteStream } from "node:fs";
import { join } from "node:path";
import { startMongod, type RunningMongod } from "../../../src/infra/bundled/mongod";
import { collect } from "../../support/collected-logs";
import { eventually } from "../../support/eventually";
import { builtProgram } from "./built";

/** A process that is killed, and started again on the same data and port. */
export interface Victim {
  readonly name: string;
  /** Resolves when it does its work. @throws when it ends before */
  start(): Promise<void>;
  /** kill -9, also while it is starting; resolves when it is gone. */
  kill(): Promise<void>;
  /** Ends it in good order. */
  stop(): Promise<void>;
}

/** How long a start may take on a busy machine, in ms. */
const STARTS_WITHIN = 180_000;
const STOPS_WITHIN = 20_000;

/** Ends a process once the tests' own is gone, however that came, and with it the other end of its standard input. */
const WATCHER = 'read -r _; kill -KILL "$0" 2>/dev/null';

export interface MillraceOptions {
  /** Of the process in messages, and of its log file. */
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What it prints once it is ready. */
  readonly ready: string;
  /** Where its log goes. */
  readonly folder: string;
}

/** The built program as a process of its own. */
export class MillraceProcess implements Victim {
  private child: ChildProcess | undefined;
  private exited: Promise<number | null> = Promise.resolve(0);

  constructor(private readonly options: MillraceOptions) {}

  get name(): string {
    return this.options.name;
  }

  async start(): Promise<void> {
    const { name, args, env, ready, folder } = this.options;
    const log = createWriteStream(join(folder, `${name}.log`), { flags: "a" });
    const child = spawn(process.execPath, [builtProgram(), ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NODE_ENV: "production", LOG_LEVEL: "info", ...env },
    });
    this.child = child;
    this.exited = new Promise((resolve) => child.once("exit", (code) => resolve(code)));
    const watcher = spawn("/bin/sh", ["-c", WATCHER, String(child.pid)], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    void this.exited.then(() => watcher.kill("SIGKILL"));
    child.stderr?.pipe(log, { end: false });
    child.stderr?.on("data", collect());
    await this.untilReady(child, ready, log);
  }

  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.exited;
  }

  /** Of the process that runs. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** It has it when this returns. */
  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  async stop(): Promise<void> {
    this.child?.kill("SIGTERM");
    const late = setTimeout(() => this.child?.kill("SIGKILL"), STOPS_WITHIN);
    const code = await this.exited;
    clearTimeout(late);
    if (this.child && code !== 0) throw new Error(`${this.name} did not stop in good order: ${this.lastWords()}`);
    this.child = undefined;
  }

  private untilReady(child: ChildProcess, ready: string, log: WriteStream): Promise<void> {
    return new Promise((resolve, reject) => {
      let said = "";
      const timer = setTimeout(
        () => reject(new Error(`${this.name} is not ready in time: ${this.lastWords()}`)),
        STARTS_WITHIN,
      );
      child.stdout?.on("data", (data: Buffer) => {
        log.write(data);
        if (said.includes(ready)) return;
        said += data.toString();
        if (said.includes(ready)) done(resolve);
      });
      child.once("error", (error) => done(() => reject(error)));
      child.once("exit", (code, signal) =>
        done(() => reject(new Ended(`${this.name} ended (${signal ?? code}): ${this.lastWords()}`, signal))),
      );
      const done = (then: () => void) => {
        clearTimeout(timer);
        then();
      };
    });
  }

  private lastWords(): string {
    try {
      return readFileSync(join(this.options.folder, `${this.name}.log`), "utf8").slice(-2_000);
    } catch {
      return "(it said nothing)";
    }
  }
}

/** The process ended before it was ready. */
export class Ended extends Error {
  constructor(
    message: string,
    /** By which signal; `null`: by itself. */
    readonly signal: string | null,
  ) {
    super(message);
  }
}

/** MongoDB as `millrace start` runs it. */
export class MongodProcess implements Victim {
  readonly name = "mongod";
  private readonly data: string;
  private mongod: RunningMongod | undefined;
  private starting: Promise<void> | undefined;
  private killed = 0;

  constructor(private readonly folder: string) {
    this.data = join(folder, "mongodb");
  }

  get url(): string {
    if (!this.mongod) throw new Error("mongod has not been started yet");
    return this.mongod.url;
  }

  start(): Promise<void> {
    this.starting = this.launch().finally(() => (this.starting = undefined));
    return this.starting;
  }

  async kill(): Promise<void> {
    // One that is starting is known by its file only.
    this.killed = await nextPid(join(this.data, "mongod.pid"), this.killed);
    killNow(this.killed);
    await this.starting?.catch(() => undefined);
    await this.mongod?.exited;
  }

  async stop(): Promise<void> {
    await this.mongod?.stop();
  }

  private async launch(): Promise<void> {
    this.mongod = await startMongod({
      dataDir: this.data,
      ...(this.mongod && { port: this.mongod.port }),
      cacheSizeGB: 0.25,
      log: (line) => appendFileSync(join(this.folder, "mongod.log"), `${line}\n`),
    });
  }
}

/** A process that another one started and, when it ends, starts again: here it is only killed. */
export class ForeignProcess implements Victim {
  private killed = 0;

  constructor(
    readonly name: string,
    /** Holds the number of the process. */
    private readonly pidFile: string,
    private readonly ready: () => Promise<void>,
  ) {}

  async start(): Promise<void> {
    await nextPid(this.pidFile, this.killed);
    await this.ready();
  }

  async kill(): Promise<void> {
    this.killed = await nextPid(this.pidFile, this.killed);
    killNow(this.killed);
  }

  async stop(): Promise<void> {
    // Who started it stops it.
  }
}

/** The number of a process once it is another than the one before. */
function nextPid(file: string, before: number): Promise<number> {
  return eventually(() => {
    const pid = Number.parseInt(readFileSync(file, "utf8"), 10);
    if (pid > 1 && pid !== before) return pid;
    throw new Error(`${file} still names process ${pid}, which was killed`);
  }, STARTS_WITHIN);
}

function killNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
