import { closeSync, fsync, openSync, rmSync, writeSync } from "node:fs";
import { promisify } from "node:util";
import { crc32 } from "node:zlib";
import { CHUNK_HEADER, CHUNK_SIZE, type ChunkFiles, UNFINISHED } from "./chunk-files";
import { type Compacted, encodeHeader } from "./chunk-header";
import { DamagedLogError } from "./errors";
import { PositionTableBuilder } from "./position-table";
import { HEADER, isRecord, u48 } from "./record";

const PIECE = 256 * 1024;
const synced = promisify(fsync);

/** What a scavenge asks of every record, and does between two stretches of them. */
export interface Sieve {
  readonly isGone: (buffer: Buffer, offset: number) => boolean;
  /** Gives way to others; false where the work is to end unfinished. */
  readonly goOn: () => Promise<boolean>;
}

/**
 * Writes the file of a complete chunk anew, without the records that are gone, and puts it in the old one's place: at
 * no moment is there less than a whole file. Answers how many bytes that gave back, or undefined where it was ended.
 */
export async function compact(files: ChunkFiles, chunk: number, sieve: Sieve): Promise<number | undefined> {
  let gone = 0;
  const looked = await eachPiece(files, chunk, sieve, (buffer, offsets) => {
    for (const offset of offsets) if (sieve.isGone(buffer, offset)) gone++;
  });
  if (!looked) return undefined;
  if (gone === 0) return 0;
  const path = `${files.pathOf(chunk)}${UNFINISHED}`;
  const before = files.sizeOf(chunk);
  const fd = openSync(path, "w");
  try {
    const compacted = await write(files, chunk, sieve, fd);
    if (!compacted) return undefined;
    if (files.sync) await synced(fd);
    files.replace(chunk, path, compacted);
    return before - files.sizeOf(chunk);
  } finally {
    closeSync(fd);
    rmSync(path, { force: true });
  }
}

async function write(files: ChunkFiles, chunk: number, sieve: Sieve, fd: number): Promise<Compacted | undefined> {
  const table = new PositionTableBuilder();
  let place = CHUNK_HEADER;
  const done = await eachPiece(files, chunk, sieve, (buffer, offsets, to) => {
    // Records that lie next to each other are written together.
    let from = -1;
    const flush = (end: number): void => {
      if (from >= 0) writeAll(fd, buffer, from, end, place - (end - from));
      from = -1;
    };
    for (const offset of offsets) {
      if (sieve.isGone(buffer, offset)) {
        flush(offset);
        continue;
      }
      if (from < 0) from = offset;
      table.add(u48(buffer, offset + 8) % CHUNK_SIZE, place);
      place += buffer.readUInt32LE(offset);
    }
    flush(to);
  });
  if (!done) return undefined;
  const bytes = table.encode();
  writeAll(fd, bytes, 0, bytes.length, place);
  const logicalEnd = files.endOf(chunk) - chunk * CHUNK_SIZE;
  const compacted = { recordsEnd: place, logicalEnd, tableSum: crc32(bytes) };
  writeAll(fd, encodeHeader(chunk, compacted), 0, CHUNK_HEADER, 0);
  return compacted;
}

/** Hands out the records of a chunk's file, piece by piece: where each begins in `buffer`, and where the last ends. */
async function eachPiece(
  files: ChunkFiles,
  chunk: number,
  { goOn }: Sieve,
  visit: (buffer: Buffer, offsets: readonly number[], to: number) => void,
): Promise<boolean> {
  let buffer = Buffer.allocUnsafeSlow(PIECE);
  const end = files.lengthOf(chunk);
  for (let place = CHUNK_HEADER; place < end;) {
    if (!(await goOn())) return false;
    const got = files.read(buffer, buffer.length, chunk, place);
    const offsets: number[] = [];
    let to = 0;
    let needed = 0;
    while (to + HEADER <= got) {
      needed = buffer.readUInt32LE(to);
      if (to + needed > got && got === buffer.length) break;
      if (!isRecord(buffer, to, got, u48(buffer, to + 8))) {
        throw new DamagedLogError(`there is no record at byte ${place + to} of the file ${files.pathOf(chunk)}.`);
      }
      offsets.push(to);
      to += needed;
    }
    if (to === 0) {
      if (needed <= buffer.length || needed > CHUNK_SIZE) {
        throw new DamagedLogError(`the file ${files.pathOf(chunk)} is cut off.`);
      }
      buffer = Buffer.allocUnsafeSlow(needed);
      continue;
    }
    visit(buffer, offsets, to);
    place += to;
  }
  return true;
}

function writeAll(fd: number, buffer: Buffer, from: number, to: number, place: number): void {
  for (let at = from; at < to;) at += writeSync(fd, buffer, at, to - at, place + at - from);
}
