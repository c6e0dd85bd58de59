import { randomUUID } from "node:crypto";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MongodError } from "./errors";
import { identify, isRunning, type ProcessIdentity } from "./process-identity";

const LOCK = "millrace.lock";

/**
 * Makes this process the only one that runs a mongod on the folder. mongod locks its files itself; this lock tells,
 * before that, a folder that is in use from one whose engine was killed and left its mongod behind.
 * @returns gives the folder free again
 * @throws MongodError when a living process holds it
 */
export async function lockFolder(dir: string): Promise<() => Promise<void>> {
  const lock = join(dir, LOCK);
  const mine = `${lock}.${randomUUID()}`;
  const content = JSON.stringify(await identify(process.pid));
  await writeFile(mine, content);
  try {
    // Linking a finished file fails when the name is taken, and nobody can see the lock half-written.
    while (!(await linked(mine, lock))) await removeIfStale(lock, dir);
  } finally {
    await rm(mine, { force: true });
  }
  return async () => {
    if ((await readFile(lock, "utf8").catch(() => "")) === content) await rm(lock, { force: true });
  };
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Of several starts that find the same stale lock, the rename lets one remove it; the others look again. */
async function removeIfStale(lock: string, dir: string): Promise<void> {
  const content = await readFile(lock, "utf8").catch(() => undefined);
  if (content === undefined) return;
  const holder = parse(content);
  if (holder && (await isRunning(holder))) throw new MongodError(inUse(dir, holder.pid));
  const aside = `${lock}.${randomUUID()}`;
  const moved = await rename(lock, aside).then(
    () => true,
    () => false,
  );
  if (!moved) return;
  // In between somebody may have replaced the stale lock with a good one: that one goes back.
  if ((await readFile(aside, "utf8")) !== content) await link(aside, lock).catch(() => undefined);
  await rm(aside, { force: true });
}

function parse(content: string): ProcessIdentity | undefined {
  try {
    const { pid, started } = JSON.parse(content) as Partial<Record<keyof ProcessIdentity, unknown>>;
    if (typeof pid !== "number") return undefined;
    return { pid, started: typeof started === "string" ? started : undefined };
  } catch {
    return undefined;
  }
}

export function inUse(dir: string, pid?: number): string {
  const holder = pid === undefined ? "another process" : `process ${pid}`;
  return `The data folder ${dir} is in use by ${holder}: stop that one, or choose another folder.`;
}
