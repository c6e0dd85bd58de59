import { resolve } from "node:path";
import { DataFolder } from "./data-folder";
import { MongodError, type Log } from "./errors";
import { explainExit, isPortTaken } from "./exit-reason";
import { findMongod, type FoundMongod } from "./find";
import { lockFolder } from "./folder-lock";
import { freePort, HOST, isPortFree, staysSilent } from "./free-port";
import { MongodProcess } from "./mongod-process";
import { changePortOffline } from "./offline-port";
import { becomePrimary, servesFolder, SET_NAME } from "./replica-set";

export interface StartOptions {
  readonly dataDir: string;
  /** The kept port, else any free one, when not given. */
  readonly port?: number | undefined;
  /** Bound of the storage engine's cache; 0.5 when not given, at least 0.25. */
  readonly cacheSizeGB?: number | undefined;
  readonly log: Log;
  /** Where to look for the binary and its settings; `process.env` when not given. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** A binary that is already found. */
  readonly found?: FoundMongod | undefined;
  /** false lets the mongod outlive this process; then somebody else must end it. */
  readonly tied?: boolean | undefined;
}

export interface RunningMongod {
  /** e.g. `mongodb://127.0.0.1:40123/?replicaSet=rs0` */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** The exit code once it has ended for whatever reason; null when a signal ended it. */
  readonly exited: Promise<number | null>;
  /** Shuts it down in good order; once it has ended already there is nothing to do. */
  stop(): Promise<void>;
}

const SMALLEST_CACHE_GB = 0.25;

/** Recovery after a crash replays at most the minute since the last checkpoint; big folders take their time. */
const READY_WITHIN = 120_000;
const SLOW_AFTER = 5_000;
const LOG_CHECKED_EVERY = 60_000;

/** How often another program may snatch the chosen port between the choice and its use. */
const PORT_ATTEMPTS = 5;

/**
 * Runs the real mongod on a folder, as a one-node replica set on loopback whose primary takes writes.
 *
 * The set remembers the port it was made with, so the port is kept with the data; when it is taken, the set is moved
 * to another one. A start after a crash (of this process, of mongod, of the machine) needs no work by hand.
 * @throws MongodError in one sentence: folder in use, foreign or damaged; no mongod; port taken
 */
export async function startMongod(options: StartOptions): Promise<RunningMongod> {
  const { cacheSizeGB = 0.5 } = options;
  if (!(cacheSizeGB >= SMALLEST_CACHE_GB)) {
    throw new MongodError(`MongoDB's cache must be at least ${SMALLEST_CACHE_GB} GB, not ${cacheSizeGB}.`);
  }
  const { binary, version } = options.found ?? (await findMongod(options));
  const folder = new DataFolder(resolve(options.dataDir));
  await folder.prepare();
  const unlock = await lockFolder(folder.dir);
  try {
    await folder.endOrphan(options.log);
    await folder.rotateLog();
    const deadline = Date.now() + READY_WITHIN;
    const run = { binary, version, folder, cacheSizeGB, deadline };
    const { mongod, port } = await launchOnSomePort(run, options);
    return running(mongod, port, folder, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

type Run = Parameters<typeof changePortOffline>[0];

async function launchOnSomePort(run: Run, options: StartOptions): Promise<{ mongod: MongodProcess; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = await choosePort(run, options);
    const mongod = await MongodProcess.launch({
      ...run,
      port,
      mode: ["--replSet", SET_NAME, "--oplogSize", "256"],
      tied: options.tied ?? true,
    });
    const slow = setTimeout(() => options.log("MongoDB is still recovering its data"), SLOW_AFTER);
    try {
      const state = await reach(mongod, port, run);
      if (state === "primary") {
        await run.folder.storePort(port);
        return { mongod, port };
      }
      if (state === "stranger" && attempt < PORT_ATTEMPTS) continue;
    } catch (error) {
      await mongod.stop();
      throw error;
    } finally {
      clearTimeout(slow);
    }
    const log = await run.folder.readLog(mongod.logStart);
    const exit = await mongod.exited;
    if (!isPortTaken(exit, log) || attempt === PORT_ATTEMPTS) {
      throw explainExit(exit, log, run.folder, run.version);
    }
  }
}

/** How far it got: `stranger` means that another server answers on the port, so ours could not take it. */
async function reach(mongod: MongodProcess, port: number, run: Run): Promise<"primary" | "ended" | "stranger"> {
  if (!(await mongod.listening(port, run.deadline))) return "ended";
  if (!(await Promise.race([servesFolder(port, run.folder.dir), mongod.exited.then(() => false)]))) {
    const ended = mongod.ended !== undefined;
    await mongod.stop();
    return ended ? "ended" : "stranger";
  }
  return (await becomePrimary(mongod, port, run.deadline)) ? "primary" : "ended";
}

/** The wanted port, else the kept one, else a free one; the set is told offline where that must be done before. */
async function choosePort(run: Run, { port: wanted, log }: StartOptions): Promise<number> {
  const kept = await run.folder.storedPort();
  if (wanted !== undefined && !(await isPortFree(wanted))) {
    throw new MongodError(`Port ${wanted} for MongoDB is taken: choose another one, or none for any free port.`);
  }
  if (wanted === undefined && kept !== undefined && (await isPortFree(kept))) return kept;
  const port = wanted ?? (await freePort());
  if (kept !== undefined && kept !== port && (await run.folder.hasData())) {
    log(`MongoDB moves from port ${kept} to ${port}`);
    if (await staysSilent(kept)) {
      await changePortOffline(run, port);
      await run.folder.storePort(port);
    }
  }
  return port;
}

function running(mongod: MongodProcess, port: number, folder: DataFolder, unlock: () => Promise<void>): RunningMongod {
  const logKeeper = setInterval(() => {
    void folder.rotateLog().then(
      (moved) => moved && mongod.send("SIGUSR1"),
      () => undefined,
    );
  }, LOG_CHECKED_EVERY);
  logKeeper.unref();
  const exited = mongod.exited.then(async ({ code }) => {
    clearInterval(logKeeper);
    await unlock().catch(() => undefined);
    return code;
  });
  return {
    url: `mongodb://${HOST}:${port}/?replicaSet=${SET_NAME}`,
    port,
    pid: mongod.pid,
    exited,
    stop: async () => {
      await mongod.stop();
      await exited;
    },
  };
}
