import { readdir, readFile } from "node:fs/promises";

/** A process that is told from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the kernel's own unit; undefined where the kernel does not tell (only Linux does). */
  readonly started?: string | undefined;
}

export async function identify(pid: number): Promise<ProcessIdentity> {
  return { pid, started: (await procStat(pid))?.started };
}

/**
 * Whether that very process still runs, and be it that it only tears down its memory: until that is done its ports
 * and file locks are taken. A zombie, which nobody has waited for, holds nothing any more.
 */
export async function isRunning({ pid, started }: ProcessIdentity): Promise<boolean> {
  if (!signalReaches(pid)) return false;
  if (process.platform !== "linux") return true;
  const now = await procStat(pid);
  if (!now || (started !== undefined && started !== now.started)) return false;
  return now.state !== "Z" || (await threadsOf(pid)) > 1;
}

/** The name that the kernel lists the process by; it stays readable to the end, unlike the command line. */
export async function nameOf(pid: number): Promise<string | undefined> {
  return (await procStat(pid))?.name;
}

function signalReaches(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process cannot be signalled, but it is there.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Fields 2, 3 and 22 of proc_pid_stat(5). The name may hold blanks and parentheses, so the rest counts from its end. */
async function procStat(pid: number): Promise<{ name: string; state: string; started: string } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const nameEnd = text.lastIndexOf(")");
  const fields = text.slice(nameEnd + 2).split(" ");
  const [state, started] = [fields[0], fields[19]];
  if (nameEnd < 0 || state === undefined || started === undefined) return undefined;
  return { name: text.slice(text.indexOf("(") + 1, nameEnd), state, started };
}

/** The first thread of an ending process becomes a zombie while others still hold its files. */
async function threadsOf(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/task`).catch(() => [])).length;
}
