import { CHUNK_HEADER, CHUNK_SIZE, type ChunkFiles } from "./chunk-files";
import { DamagedLogError } from "./errors";
import { FLAG, HEADER, isRecord, looksLikeRecord, record, u48 } from "./record";

/**
 * Checks the part of the log that the index does not vouch for, and cuts off an append that a crash left unfinished.
 * Such an append was never acknowledged. Anything else that is wrong means damage, and then nothing is changed:
 * a later record tells by its `durable` field what had reached the disk before it was written.
 */
export function cutOffUnfinished(files: ChunkFiles, from: number, report: (line: string) => void): void {
  const firstChunk = Math.floor(from / CHUNK_SIZE);
  if (firstChunk > files.last || from > files.endOf(firstChunk)) {
    throw new DamagedLogError("it is shorter than it was when the server last ran.");
  }
  for (let chunk = firstChunk; chunk <= files.last; chunk++) {
    const first = chunk === firstChunk ? files.locate(from) : CHUNK_HEADER;
    const buffer = Buffer.allocUnsafeSlow(files.lengthOf(chunk) - first);
    files.read(buffer, buffer.length, chunk, first);
    const base = chunk * CHUNK_SIZE + first;
    if (files.isCompacted(chunk)) {
      checkCompacted(buffer);
      continue;
    }
    const good = endOfWholeAppends(buffer, base);
    if (good === buffer.length) continue;
    if (chunk < files.last) throw new DamagedLogError(`there is no whole record at position ${base + good}.`);
    if (isFollowedByDurable(buffer, good + 1, base, base + good)) {
      throw new DamagedLogError(`there is no whole record at position ${base + good}, but there are later ones.`);
    }
    report(`An unfinished append of ${buffer.length - good} bytes was cut off from the end of the log.`);
    files.truncate(base + good);
  }
}

function endOfWholeAppends(buffer: Buffer, base: number): number {
  let good = 0;
  for (let at = 0; at < buffer.length && isRecord(buffer, at, buffer.length, base + at);) {
    const isEnd = (record.flags(buffer, at) & FLAG.END_OF_APPEND) !== 0;
    at += record.length(buffer, at);
    if (isEnd) good = at;
  }
  return good;
}

/** A scavenge writes a whole file before it takes the place of another: there is nothing unfinished in it. */
function checkCompacted(buffer: Buffer): void {
  for (let at = 0; at < buffer.length; at += record.length(buffer, at)) {
    const position = at + HEADER <= buffer.length ? u48(buffer, at + 8) : NaN;
    if (!isRecord(buffer, at, buffer.length, position)) {
      throw new DamagedLogError("a file from which a scavenge took records holds something that is no record.");
    }
  }
}

/** Whether a whole record after `bad` says that the log was on disk beyond it. */
function isFollowedByDurable(buffer: Buffer, from: number, base: number, bad: number): boolean {
  for (let at = from; at + HEADER <= buffer.length; at++) {
    if (!looksLikeRecord(buffer, at, buffer.length, base + at)) continue;
    if (isRecord(buffer, at, buffer.length, base + at) && record.durable(buffer, at) > bad) return true;
  }
  return false;
}
