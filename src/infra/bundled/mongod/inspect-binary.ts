import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { MongodError, reasonOf } from "./errors";

const run = promisify(execFile);

/** The oldest release that knows every option that {@link startMongod} passes. */
const OLDEST_MAJOR = 5;

/**
 * The version of the mongod at `path`, e.g. `6.0.5`; running it also shows that its shared libraries are there.
 * @throws MongodError saying what is wrong, worded to follow the path: "… does not exist", "… is not executable"
 */
export async function inspectBinary(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new MongodError(`${path} does not exist`);
  if (!found.isFile()) throw new MongodError(`${path} is not a file`);
  const executable = await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!executable) throw new MongodError(`${path} is not executable`);
  const output = await versionOutput(path);
  const version = /^db version v(\d+)\.(\d+)\.(\d+)/m.exec(output);
  if (!version) throw new MongodError(`${path} is not a mongod (\`--version\` does not say "db version")`);
  const [, major, minor, patch] = version;
  if (Number(major) < OLDEST_MAJOR) {
    throw new MongodError(`${path} is MongoDB ${major}.${minor}; Millrace needs ${OLDEST_MAJOR}.0 or later`);
  }
  return `${major}.${minor}.${patch}`;
}

async function versionOutput(path: string): Promise<string> {
  try {
    const { stdout } = await run(path, ["--version"], { timeout: 10_000, killSignal: "SIGKILL" });
    return stdout;
  } catch (error) {
    // A missing shared library is told on standard error; it says more than "Command failed".
    const stderr = (error as { stderr?: string }).stderr?.trim();
    throw new MongodError(`${path} does not run (${reasonOf(stderr ? stderr : error)})`, { cause: error });
  }
}
