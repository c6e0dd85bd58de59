import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { CHUNK_HEADER, ChunkFiles } from "./chunk-files";
import { DataFolderError } from "./errors";
import { FolderLock } from "./folder-lock";
import { isWholeLmdb } from "./lmdb-check";
import { LmdbIndex } from "./lmdb-index";
import { Log } from "./log";
import { cutOffUnfinished } from "./recovery";
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
    if (!isWholeLmdb(path)) throw new Error("it is not whole");
    return new LmdbIndex(path, sync);
  } catch (error) {
    report(`The index cannot be read (${(error as Error).message}); it is made anew from the log.`);
    rmSync(path, { force: true });
    rmSync(`${path}-lock`, { force: true });
    return new LmdbIndex(path, sync);
  }
}
