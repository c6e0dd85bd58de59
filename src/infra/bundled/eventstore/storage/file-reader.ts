import { CHUNK_HEADER, CHUNK_SIZE, type ChunkFiles } from "./chunk-files";
import { DamagedLogError } from "./errors";
import { HEADER, isRecord, looksLikeRecord, MAX_RECORD, u48 } from "./record";

/** Records lying one after another in `buffer` from `from` to `to`. Good until the next read of the log. */
export interface LogSlice {
  buffer: Buffer;
  from: number;
  to: number;
}

/** One record: where it starts in `buffer`. Good until the next read of the log. */
export interface RecordView {
  buffer: Buffer;
  offset: number;
}

const WINDOW = 256 * 1024;
const NEAR = 64 * 1024;
const SMALL = 4096;

/** Reads records from the files of the log, and checks each against its sum. */
export class FileReader {
  /** What was read last for single records: bytes from `start` on of a chunk's file. */
  private readonly window = { buffer: Buffer.alloc(0), chunk: -1, start: 0, length: 0 };
  private scan = Buffer.alloc(0);

  constructor(private readonly files: ChunkFiles) {}

  /** The record at `position`; undefined where a scavenge has taken it. Throws where there was never one. */
  find(position: number): RecordView | undefined {
    const { files, window } = this;
    const chunk = Math.floor(position / CHUNK_SIZE);
    const compacted = files.isCompacted(chunk);
    const place = files.locate(position);
    const offset = place - window.start;
    if (window.chunk === chunk && offset >= 0 && offset + HEADER <= window.length) {
      if (u48(window.buffer, offset + 8) !== position) return absent(position, compacted);
      if (offset + window.buffer.readUInt32LE(offset) <= window.length) {
        if (!isRecord(window.buffer, offset, window.length, position)) throw wrongSum(position);
        return { buffer: window.buffer, offset };
      }
    }
    const near = window.chunk === chunk && offset >= 0 && offset < window.length + NEAR;
    for (let size = near ? NEAR : SMALL; ;) {
      if (window.buffer.length < size) window.buffer = Buffer.allocUnsafeSlow(Math.max(size, NEAR));
      window.chunk = -1;
      const length = files.read(window.buffer, size, chunk, place);
      if (!looksLikeRecord(window.buffer, 0, length, position)) return absent(position, compacted);
      const needed = window.buffer.readUInt32LE(0);
      if (needed > length && length === size) {
        size = needed;
        continue;
      }
      if (!isRecord(window.buffer, 0, length, position)) throw wrongSum(position);
      if (window.buffer.length > 4 * NEAR && needed <= NEAR) {
        // Do not keep the memory of one large event.
        window.buffer = Buffer.from(window.buffer.subarray(0, length));
      }
      window.chunk = chunk;
      window.start = place;
      window.length = length;
      return { buffer: window.buffer, offset: 0 };
    }
  }

  /** Tells that a chunk's file is another one now. */
  replaced(chunk: number): void {
    if (this.window.chunk === chunk) this.window.chunk = -1;
  }

  /** Records from `position` on, in the file of its chunk; of the file being written only what is durable. */
  sliceFrom(position: number, durable: number): LogSlice | undefined {
    const { files } = this;
    const chunk = Math.floor(position / CHUNK_SIZE);
    const place = files.locate(position);
    const visible = chunk === Math.floor(durable / CHUNK_SIZE) ? durable - position : Infinity;
    for (let size = WINDOW; ;) {
      const buffer = this.scanBuffer(size);
      const got = files.read(buffer, Math.min(size, visible), chunk, place);
      let to = 0;
      let next = files.isCompacted(chunk) ? undefined : position;
      while (to + HEADER <= got) {
        const at: number = next ?? u48(buffer, to + 8);
        if (!looksLikeRecord(buffer, to, got, at)) throw noRecord(at);
        const length = buffer.readUInt32LE(to);
        if (to + length > got) break;
        if (!isRecord(buffer, to, got, at)) throw wrongSum(at);
        to += length;
        if (next !== undefined) next += length;
      }
      if (to > 0) return { buffer, from: 0, to };
      if (got < HEADER) return undefined;
      size = buffer.readUInt32LE(0);
      if (got === size) throw new DamagedLogError(`the record at ${position} is cut off.`);
    }
  }

  /** Records that end at a place in a chunk's file. */
  sliceBefore(chunk: number, end: number): LogSlice {
    for (let size = Math.min(WINDOW, end - CHUNK_HEADER); ;) {
      const buffer = this.scanBuffer(size);
      if (this.files.read(buffer, size, chunk, end - size) < size) throw new DamagedLogError("a file became shorter.");
      const length = buffer.readUInt32LE(size - 4);
      if (length <= size) return { buffer, from: 0, to: size };
      if (length > MAX_RECORD || length > end - CHUNK_HEADER) {
        throw new DamagedLogError(`no record ends at ${chunk * CHUNK_SIZE + end}.`);
      }
      size = length;
    }
  }

  private scanBuffer(size: number): Buffer {
    if (size <= WINDOW) {
      if (this.scan.length === 0) this.scan = Buffer.allocUnsafeSlow(WINDOW);
      return this.scan;
    }
    return Buffer.allocUnsafeSlow(size);
  }
}

export const noRecord = (position: number): Error => new DamagedLogError(`there is no record at position ${position}.`);
/** Only a scavenge leaves positions at which there was a record once. */
function absent(position: number, compacted: boolean): undefined {
  if (!compacted) throw noRecord(position);
  return undefined;
}

const wrongSum = (position: number): Error =>
  new DamagedLogError(`the record at position ${position} does not match its check sum.`);
