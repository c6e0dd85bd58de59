import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";

/**
 * The most memory that Millrace's own processes have held in bytes: the given ones and the Node processes they started
 * (the event store; not mongod), each at its own peak. Only where there is /proc, otherwise what can be told of this
 * process alone.
 */
export function peakMemory(pids: readonly number[] = [process.pid]): number {
  const peaks = withChildren(pids).map(peakOf);
  const known = peaks.filter((peak) => peak !== undefined);
  return known.length > 0 ? known.reduce((sum, peak) => sum + peak, 0) : process.resourceUsage().maxRSS * 1024;
}

/** The processes and their descendants, as far as those are Node programs. */
function withChildren(pids: readonly number[]): number[] {
  const children = childrenByParent();
  const found = new Set(pids);
  for (const pid of found) for (const child of children.get(pid) ?? []) if (isNode(child)) found.add(child);
  return [...found];
}

function childrenByParent(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const name of namesIn("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    // The name in parentheses may itself hold parentheses and spaces.
    const stat = read(`/proc/${name}/stat`);
    const parent = Number(stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    if (parent > 0) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  return children;
}

function isNode(pid: number): boolean {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`)).startsWith(basename(process.execPath));
  } catch {
    return false;
  }
}

function peakOf(pid: number): number | undefined {
  const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`) ?? "")?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
