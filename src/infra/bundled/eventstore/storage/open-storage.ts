import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { CHUNK_HEADER, CHUNK_SIZE, ChunkFiles } from "./chunk-files";
import { DamagedLogError, DataFolderError } from "./errors";
import { FolderLock } from "./folder-lock";
import { LmdbIndex } from "./lmdb-index";
import { Log } from "./log";
import { FLAG, HEADER, isRecord, looksLikeRecord, record } from "./record";
import { NoIndex, type StreamIndex } from "./stream-index";

export interface Storage {
  readonly log: Log;
  readonly index: StreamIndex;
  /** Where the part of the log begins that the index does not know. */
  readonly replayFrom: number;
  release(): void;
}

export function openMemory(): Storage {
  return { log: new Log(undefined), index: new NoIndex(), replayFrom: CHUNK_HEADER, release: () => undefined };
}

/**
 * Opens a data folder: `log/` with the chunk files and `index.lmdb`, which can always be rebuilt from the log. A folder
 * with anything else in it is somebody else's and is refused.
 */
export async function openFolder(folder: string, sync: boolean, report: (line: string) => void): Promise<Storage> {
  const chunks = join(folder, "log");
  prepare(folder, chunks);
  const lock = await FolderLock.acquire(folder);
  let files: ChunkFiles | undefined;
  let index: LmdbIndex | undefined;
  try {
    files = ChunkFiles.open(chunks, sync);
    index = openIndex(join(folder, "index.lmdb"), sync, report);
    const replayFrom = Math.max(index.checkpoint, CHUNK_HEADER);
    cutOffUnfinished(files, replayFrom, report);
    return { log: new Log(files), index, replayFrom, release: () => lock.release() };
  } catch (error) {
    files?.close();
    await index?.close();
    lock.release();
    throw error;
  }
}

function prepare(folder: string, chunks: string): void {
  if (existsSync(folder)) {
    if (!statSync(folder).isDirectory()) throw new DataFolderError(`The data folder ${folder} is not a folder.`);
    const names = readdirSync(folder);
    if (names.length > 0 && !names.includes("log")) {
      throw new DataFolderError(`The folder ${folder} holds other data (${names[0]}); choose an empty or a new one.`);
    }
  }
  try {
    mkdirSync(chunks, { recursive: true });
  } catch (error) {
    throw new DataFolderError(`The data folder ${folder} cannot be made: ${(error as Error).message}.`);
  }
}

function openIndex(path: string, sync: boolean, report: (line: string) => void): LmdbIndex {
  try {
    return new LmdbIndex(path, sync);
  } catch (error) {
    report(`The index cannot be read (${(error as Error).message}); it is rebuilt from the log.`);
    rmSync(path, { force: true });
    rmSync(`${path}-lock`, { force: true });
    return new LmdbIndex(path, sync);
  }
}

/**
 * Checks the part of the log that the index does not vouch for, and cuts off an append that a crash left unfinished.
 * Such an append was never acknowledged. Anything else that is wrong means damage, and then nothing is changed:
 * a later record tells by its `durable` field what had reached the disk before it was written.
 */
function cutOffUnfinished(files: ChunkFiles, from: number, report: (line: string) => void): void {
  const firstChunk = Math.floor(from / CHUNK_SIZE);
  if (firstChunk > files.last || from > files.endOf(firstChunk)) {
    throw new DamagedLogError("it is shorter than it was when the server last ran.");
  }
  let good = from;
  for (let chunk = firstChunk; chunk <= files.last; chunk++) {
    const start = chunk * CHUNK_SIZE;
    const size = files.endOf(chunk) - start;
    const buffer = Buffer.allocUnsafeSlow(size);
    files.read(buffer, size, start);
    let at = chunk === firstChunk ? from - start : CHUNK_HEADER;
    good = start + at;
    while (at < size && isRecord(buffer, at, size, start + at)) {
      const isEnd = (record.flags(buffer, at) & FLAG.END_OF_APPEND) !== 0;
      at += record.length(buffer, at);
      if (isEnd) good = start + at;
    }
    if (good === start + size) continue;
    if (chunk < files.last) throw new DamagedLogError(`there is no whole record at position ${good}.`);
    if (isFollowedByDurable(buffer, good - start + 1, start, good)) {
      throw new DamagedLogError(`there is no whole record at position ${good}, but there are later ones.`);
    }
    report(`An unfinished append of ${start + size - good} bytes was cut off from the end of the log.`);
    files.truncate(good);
  }
}

/** Whether a whole record after `bad` says that the log was on disk beyond it. */
function isFollowedByDurable(buffer: Buffer, from: number, start: number, bad: number): boolean {
  for (let at = from; at + HEADER <= buffer.length; at++) {
    if (!looksLikeRecord(buffer, at, buffer.length, start + at)) continue;
    if (isRecord(buffer, at, buffer.length, start + at) && record.durable(buffer, at) > bad) return true;
  }
  return false;
}
