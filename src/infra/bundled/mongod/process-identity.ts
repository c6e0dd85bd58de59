import { readFile } from "node:fs/promises";

/** A process that is told from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the kernel's own unit; undefined where the kernel does not tell (only Linux does). */
  readonly started?: string | undefined;
}

export async function identify(pid: number): Promise<ProcessIdentity> {
  return { pid, started: (await procStat(pid))?.started };
}

/** Whether that very process still runs. A zombie does not: it holds no file and no port any more. */
export async function isRunning({ pid, started }: ProcessIdentity): Promise<boolean> {
  if (!signalReaches(pid)) return false;
  const now = await procStat(pid);
  if (!now) return process.platform !== "linux" || signalReaches(pid);
  return now.state !== "Z" && (started === undefined || started === now.started);
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

/** Fields 3 and 22 of proc_pid_stat(5). The name in field 2 may hold blanks and parentheses: count from its end. */
async function procStat(pid: number): Promise<{ state: string; started: string } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, started] = [fields?.[0], fields?.[19]];
  return state !== undefined && started !== undefined ? { state, started } : undefined;
}
