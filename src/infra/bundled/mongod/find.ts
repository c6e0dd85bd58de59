import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { MongodError, reasonOf, type Log } from "./errors";
import { FETCH_WAYS, fetchMongod, type FetchWay } from "./fetch";
import { inspectBinary } from "./inspect-binary";
import type { Terminal } from "./progress";

/** Where the binary came from. */
export type MongodSource = "MONGOD_BINARY" | "PATH" | "cache" | "fetched";

export interface FoundMongod {
  readonly binary: string;
  readonly source: MongodSource;
  /** e.g. `6.0.5` */
  readonly version: string;
}

export interface FindOptions {
  readonly log: Log;
  /** `process.env` when not given. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Millrace's cache folder; `MILLRACE_CACHE`, `$XDG_CACHE_HOME/millrace` or `~/.cache/millrace` when not given. */
  readonly cacheDir?: string | undefined;
  /** Where a download draws its progress; `process.stderr` when not given. */
  readonly terminal?: Terminal | undefined;
  /** How to fetch what is not there; for tests. */
  readonly ways?: readonly FetchWay[] | undefined;
}

const EXECUTABLE = process.platform === "win32" ? "mongod.exe" : "mongod";

/**
 * The mongod to run: `MONGOD_BINARY`, else the PATH, else Millrace's cache folder, else fetched into that folder.
 * @throws MongodError when `MONGOD_BINARY` names something else than a mongod (a setting is never passed over), or
 *   when there is none and none can be fetched; then the message names the three ways out and why each failed
 */
export async function findMongod(options: FindOptions): Promise<FoundMongod> {
  const env = options.env ?? process.env;
  if (env["MONGOD_BINARY"]) return fromSetting(env["MONGOD_BINARY"]);

  const onPath = await fromPath(env["PATH"] ?? "");
  if (onPath.found) return onPath.found;

  const cached = join(options.cacheDir ?? cacheFolder(env), EXECUTABLE);
  if (await exists(cached)) {
    try {
      return { binary: cached, source: "cache", version: await inspectBinary(cached) };
    } catch (error) {
      options.log(`Passing over the cached mongod: ${reasonOf(error)}`);
    }
  }
  try {
    const { log, terminal } = options;
    const version = await fetchMongod(cached, options.ways ?? FETCH_WAYS, { log, env, terminal });
    return { binary: cached, source: "fetched", version };
  } catch (error) {
    throw new MongodError(
      "There is no MongoDB to run. Either set MONGOD_BINARY to the path of a mongod (it is not set); " +
        `or install MongoDB so that mongod is on the PATH (${onPath.reason}); ` +
        `or give Millrace a network to download it once (${reasonOfFetch(error)}).`,
      { cause: error },
    );
  }
}

/** Millrace's folder for what can be fetched again. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  if (env["MILLRACE_CACHE"]) return resolve(env["MILLRACE_CACHE"]);
  const base = env["XDG_CACHE_HOME"] || join(env["HOME"] || homedir(), ".cache");
  return join(base, "millrace");
}

async function fromSetting(setting: string): Promise<FoundMongod> {
  const binary = resolve(setting);
  try {
    return { binary, source: "MONGOD_BINARY", version: await inspectBinary(binary) };
  } catch (error) {
    throw new MongodError(`MONGOD_BINARY must be the path of a mongod, but ${reasonOf(error)}.`, { cause: error });
  }
}

/** A mongod on the PATH that cannot be used (too old, say) is passed over, but the reason is kept. */
async function fromPath(path: string): Promise<{ found?: FoundMongod; reason: string }> {
  let reason = "none is there";
  for (const folder of path.split(delimiter)) {
    if (!folder) continue;
    const binary = resolve(folder, EXECUTABLE);
    if (!(await exists(binary))) continue;
    try {
      return { found: { binary, source: "PATH", version: await inspectBinary(binary) }, reason: "" };
    } catch (error) {
      reason = reasonOf(error);
    }
  }
  return { reason };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Every way's failure counts here, so the text is longer than one reason. */
function reasonOfFetch(error: unknown): string {
  return error instanceof MongodError ? error.message : reasonOf(error);
}
