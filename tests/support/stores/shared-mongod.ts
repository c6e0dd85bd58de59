import { spawn } from "node:child_process";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startMongod } from "../../../src/infra/bundled/mongod";
import { identify } from "../../../src/infra/bundled/mongod/process-identity";
import { eventually } from "../eventually";

/** Longer than a download of MongoDB on the very first run takes. */
const STARTS_WITHIN = 10 * 60_000;

/** Ends mongod ($2) and clears its folder ($3) when the jest run ($1) is over, however it came to its end. */
const JANITOR =
  'while kill -0 "$1" 2>/dev/null; do sleep 0.2; done; kill -TERM "$2" 2>/dev/null; ' +
  'n=0; while kill -0 "$2" 2>/dev/null && [ $n -lt 100 ]; do sleep 0.1; n=$((n+1)); done; ' +
  'kill -KILL "$2" 2>/dev/null; rm -rf "$3"';

/**
 * The mongod of this jest run. Suites run in several processes, and each suite loads its modules anew, so what they
 * share is a folder named after the run: who makes it starts the mongod, the others wait for its address.
 */
export async function sharedMongod(): Promise<string> {
  const run = await identify(runPid());
  const dir = join(tmpdir(), `millrace-test-run-${run.pid}-${run.started ?? ""}`);
  const answer = join(dir, "mongod.json");
  if (await madeByUs(dir)) {
    const outcome = await start(run.pid, dir);
    await writeFile(`${answer}.new`, JSON.stringify(outcome));
    await rename(`${answer}.new`, answer);
  }
  const outcome = await eventually(async () => JSON.parse(await readFile(answer, "utf8")) as Outcome, STARTS_WITHIN);
  if ("error" in outcome) throw new Error(outcome.error);
  return outcome.url;
}

type Outcome = { readonly url: string } | { readonly error: string };

/** Failures are shared as well, so that the other suites need not wait for what will not come. */
async function start(runPid: number, dir: string): Promise<Outcome> {
  try {
    const mongod = await startMongod({
      dataDir: join(dir, "data"),
      cacheSizeGB: 0.25,
      log: () => undefined,
      tied: false,
    });
    spawn("/bin/sh", ["-c", JANITOR, "sh", String(runPid), String(mongod.pid), dir], {
      stdio: "ignore",
      detached: true,
    }).unref();
    return { url: mongod.url };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** The process of the run itself: a worker's parent, or this one when jest runs the suites in band. */
function runPid(): number {
  return process.argv[1]?.includes("jest-worker") ? process.ppid : process.pid;
}

async function madeByUs(dir: string): Promise<boolean> {
  try {
    await mkdir(dir);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
