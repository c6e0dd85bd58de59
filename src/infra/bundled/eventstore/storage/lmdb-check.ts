import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const MAGIC = 0xbeefc0de;
/** Where the things looked at lie in LMDB's meta page. */
const AT = { magic: 24, pageSize: 48, lastPage: 136 } as const;
const META = 168;

/**
 * Whether a file looks like a whole LMDB database. LMDB maps the file and trusts it: what is no database, or is cut
 * off, ends the process instead of throwing.
 */
export function isWholeLmdb(path: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    // A new one will be made.
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
  try {
    const { size } = fstatSync(fd);
    const first = metaAt(fd, 0);
    const pageSize = first?.readUInt32LE(AT.pageSize) ?? 0;
    if (!first || pageSize < 256 || pageSize > 65_536) return false;
    const second = metaAt(fd, pageSize);
    return [first, second].every(
      (meta) => meta !== undefined && size >= (Number(meta.readBigUInt64LE(AT.lastPage)) + 1) * pageSize,
    );
  } finally {
    closeSync(fd);
  }
}

function metaAt(fd: number, position: number): Buffer | undefined {
  const meta = Buffer.alloc(META);
  if (readSync(fd, meta, 0, META, position) < META) return undefined;
  return meta.readUInt32LE(AT.magic) === MAGIC ? meta : undefined;
}
