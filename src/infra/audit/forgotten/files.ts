import { type Dirent } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Needles } from "./needles";

const CHUNK = 1024 * 1024;

/** The files at a path: itself, or all beneath it. What goes away meanwhile is passed over. */
export async function* filesAt(path: string): AsyncGenerator<string> {
  if (!(await stat(path)).isDirectory()) return yield path;
  const entries: readonly Dirent[] = await readdir(path, { withFileTypes: true, recursive: true });
  for (const entry of entries) if (entry.isFile()) yield join(entry.parentPath, entry.name);
}

export interface FileHit {
  /** Byte of the file at which it begins. */
  readonly offset: number;
  readonly needle: string;
}

/** The first of the needles in the bytes of a file, in the letters' own case or in small ones; what lies in compressed
 *  blocks is not seen. */
export async function findInFile(
  path: string,
  { texts }: Needles,
  values: readonly string[],
): Promise<FileHit | undefined> {
  // prettier-ignore
  const spellings = texts.flatMap(({ name, text }, index) =>
    [...new Set([text, values[index - 1] ?? text])].map((spelling) => ({ name, bytes: Buffer.from(spelling) })),
  );
  const overlap = Math.max(...spellings.map(({ bytes }) => bytes.length)) - 1;
  const file = await open(path).catch(() => undefined);
  if (!file) return undefined;
  try {
    const buffer = Buffer.alloc(CHUNK + overlap);
    let kept = 0;
    for (let position = 0; ;) {
      const { bytesRead } = await file.read(buffer, kept, CHUNK, position);
      if (bytesRead === 0) return undefined;
      const seen = buffer.subarray(0, kept + bytesRead);
      for (const { name, bytes } of spellings) {
        const at = seen.indexOf(bytes);
        if (at >= 0) return { offset: position - kept + at, needle: name };
      }
      position += bytesRead;
      kept = Math.min(overlap, seen.length);
      seen.copy(buffer, 0, seen.length - kept);
    }
  } finally {
    await file.close();
  }
}
