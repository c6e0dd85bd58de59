import { CHUNK_HEADER, CHUNK_SIZE, type ChunkFiles } from "./chunk-files";
import { DamagedLogError } from "./errors";
import { HEADER, isRecord, looksLikeRecord, MAX_RECORD, record } from "./record";

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

/** A stretch of the log's end that is held in memory. */
interface Segment {
  readonly start: number;
  readonly buffer: Buffer;
  used: number;
  /** How much of it has been handed to the files. */
  written: number;
}

const SEGMENT_SIZE = 1024 * 1024;
/** Subscribers that are at most this far behind read from memory. */
const TAIL_BYTES = 8 * 1024 * 1024;
const WINDOW = 256 * 1024;
const NEAR = 64 * 1024;
const SMALL = 4096;

/**
 * The log: an ordered run of records, addressed by position. New records are encoded straight into the last memory
 * segment, written to the files from there, and stay readable from there for a while. Without files (the server keeps
 * nothing on disk) every segment is kept.
 *
 * Positions below `durable` are what readers may see.
 */
export class Log {
  end: number;
  durable: number;
  private readonly segments: Segment[] = [];
  private readonly window = { buffer: Buffer.alloc(0), start: 0, length: 0 };
  private scan = Buffer.alloc(0);

  constructor(private readonly files: ChunkFiles | undefined) {
    this.end = files ? files.endOf(files.last) : CHUNK_HEADER;
    this.durable = this.end;
  }

  /** Room for `bytes` in one piece of memory and one file. The caller writes there and then calls `advance`. */
  reserve(bytes: number): { buffer: Buffer; offset: number; position: number } {
    if (bytes > CHUNK_SIZE - CHUNK_HEADER) throw new RangeError("too large for the log");
    const chunkEnd = (Math.floor(this.end / CHUNK_SIZE) + 1) * CHUNK_SIZE;
    const jump = this.end % CHUNK_SIZE === 0 || this.end + bytes > chunkEnd;
    if (jump) this.end = (this.end % CHUNK_SIZE === 0 ? this.end : chunkEnd) + CHUNK_HEADER;
    let segment = this.segments.at(-1);
    if (!segment || jump || segment.used + bytes > segment.buffer.length || segment.start + segment.used !== this.end) {
      segment = { start: this.end, buffer: Buffer.allocUnsafeSlow(Math.max(SEGMENT_SIZE, bytes)), used: 0, written: 0 };
      this.segments.push(segment);
    }
    return { buffer: segment.buffer, offset: segment.used, position: this.end };
  }

  /** Tells that the room given by `reserve` was filled up to `offset`. */
  advance(offset: number): void {
    const segment = this.segments.at(-1) as Segment;
    this.end += offset - segment.used;
    segment.used = offset;
  }

  /** Writes everything new to the files and, once it is on disk, makes it visible. */
  flush(done: (error: Error | null) => void): void {
    const end = this.end;
    const finish = (error: Error | null): void => {
      if (!error) {
        this.durable = end;
        this.forget();
      }
      done(error);
    };
    if (!this.files) {
      // Not within this call: the caller has yet to see all its state settled.
      setImmediate(finish, null);
      return;
    }
    try {
      this.writeNew(this.files);
    } catch (error) {
      setImmediate(finish, error instanceof Error ? error : new Error(String(error)));
      return;
    }
    this.files.flush(end - 1, finish);
  }

  /** Takes back everything that is not durable, after a write failed. */
  rollback(): void {
    this.files?.truncate(this.durable);
    for (;;) {
      const segment = this.segments.at(-1);
      if (!segment || segment.start < this.durable) {
        if (segment) {
          segment.used = Math.min(segment.used, this.durable - segment.start);
          segment.written = Math.min(segment.written, segment.used);
        }
        break;
      }
      this.segments.pop();
    }
    this.end = this.durable;
  }

  /** Visible records from `position` on, which must be the start of one or the end of all; none at the end. */
  sliceFrom(position: number): LogSlice | undefined {
    for (;;) {
      if (position % CHUNK_SIZE < CHUNK_HEADER) position += CHUNK_HEADER - (position % CHUNK_SIZE);
      if (position >= this.durable) return undefined;
      const segment = this.segmentOf(position);
      if (segment) {
        const from = Math.max(0, position - segment.start);
        return { buffer: segment.buffer, from, to: Math.min(segment.used, this.durable - segment.start) };
      }
      const slice = this.sliceFromFile(position);
      if (slice) return slice;
      position = (Math.floor(position / CHUNK_SIZE) + 1) * CHUNK_SIZE;
    }
  }

  /** Records that end at `position`; walk them backwards by their trailers. None at the beginning of the log. */
  sliceBefore(position: number): LogSlice | undefined {
    for (;;) {
      if (position <= CHUNK_HEADER) return undefined;
      const segment = this.segmentOf(position - 1);
      if (segment && segment.start < position) {
        return { buffer: segment.buffer, from: 0, to: Math.min(segment.used, position - segment.start) };
      }
      const chunk = Math.floor((position - 1) / CHUNK_SIZE);
      const first = chunk * CHUNK_SIZE + CHUNK_HEADER;
      if (!this.files) {
        // Between two segments lies only the jump to the next chunk.
        const before = this.segments.findLast((candidate) => candidate.start < position);
        if (!before) return undefined;
        position = Math.min(position, before.start + before.used);
        continue;
      }
      const end = Math.min(position, this.files.endOf(chunk));
      if (end <= first) {
        if (chunk === 0) return undefined;
        position = this.files.endOf(chunk - 1);
        continue;
      }
      let size = Math.min(WINDOW, end - first);
      for (;;) {
        const buffer = this.scanBuffer(size);
        if (this.files.read(buffer, size, end - size) < size) throw new DamagedLogError("a file became shorter.");
        const length = buffer.readUInt32LE(size - 4);
        if (length <= size) return { buffer, from: 0, to: size };
        if (length > MAX_RECORD || length > end - first) throw new DamagedLogError(`no record ends at ${end}.`);
        size = length;
      }
    }
  }

  /** The record at `position`, visible or not yet. Throws where there is none. */
  recordAt(position: number): RecordView {
    const segment = this.segmentOf(position);
    if (segment && segment.start <= position) return { buffer: segment.buffer, offset: position - segment.start };
    const window = this.window;
    let offset = position - window.start;
    if (offset >= 0 && offset + HEADER <= window.length) {
      if (offset + window.buffer.readUInt32LE(offset) <= window.length) return { buffer: window.buffer, offset };
    }
    const near = offset >= 0 && offset < window.length + NEAR;
    let size = near ? NEAR : SMALL;
    for (;;) {
      if (window.buffer.length < size) window.buffer = Buffer.allocUnsafeSlow(Math.max(size, NEAR));
      window.start = position;
      window.length = this.files?.read(window.buffer, size, position) ?? 0;
      offset = 0;
      if (!looksLikeRecord(window.buffer, 0, window.length, position)) {
        window.length = 0;
        throw noRecord(position);
      }
      const length = window.buffer.readUInt32LE(0);
      if (length > window.length && window.length === size) {
        size = length;
        continue;
      }
      if (!isRecord(window.buffer, 0, window.length, position)) {
        window.length = 0;
        throw wrongSum(position);
      }
      if (window.buffer.length > 4 * NEAR && length <= NEAR) {
        // Do not keep the memory of one large event.
        window.buffer = Buffer.from(window.buffer.subarray(0, window.length));
      }
      return { buffer: window.buffer, offset };
    }
  }

  /** The first record start at or after `position`; `durable` where there is none. */
  boundary(position: number): number {
    if (position <= CHUNK_HEADER) return CHUNK_HEADER;
    if (position >= this.durable) return this.durable;
    try {
      const view = this.recordAt(position);
      if (isRecord(view.buffer, view.offset, view.buffer.length, position)) return position;
    } catch {
      // Not the start of a record: look for the next one below.
    }
    let at = Math.floor(position / CHUNK_SIZE) * CHUNK_SIZE + CHUNK_HEADER;
    for (;;) {
      const slice = this.sliceFrom(at);
      if (!slice) return this.durable;
      for (let o = slice.from; o < slice.to; o += slice.buffer.readUInt32LE(o)) {
        const found = record.position(slice.buffer, o);
        if (found >= position) return found;
        at = found + slice.buffer.readUInt32LE(o);
      }
    }
  }

  /** Where reading goes on after the event at `position`. */
  after(position: number): number {
    if (position >= this.durable) return this.durable;
    const start = this.boundary(position);
    if (start !== position) return start;
    const view = this.recordAt(position);
    return position + record.length(view.buffer, view.offset);
  }

  close(): void {
    this.files?.close();
  }

  private writeNew(files: ChunkFiles): void {
    for (const segment of this.segments) {
      if (segment.written === segment.used) continue;
      files.write(segment.buffer, segment.written, segment.used, segment.start + segment.written);
      segment.written = segment.used;
    }
  }

  /** The memory segment that holds `position`, or follows it where `position` lies in the jump before a chunk. */
  private segmentOf(position: number): Segment | undefined {
    let low = 0;
    let high = this.segments.length - 1;
    const last = this.segments[high];
    if (last && position >= last.start) return position < last.start + last.used ? last : undefined;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const segment = this.segments[middle] as Segment;
      if (position < segment.start) high = middle - 1;
      else if (position >= segment.start + segment.used) low = middle + 1;
      else return segment;
    }
    const next = this.segments[low];
    return low > 0 || !this.files ? next : undefined;
  }

  /** Drops the oldest segments that the files hold too. */
  private forget(): void {
    if (!this.files) return;
    let bytes = this.segments.reduce((sum, segment) => sum + segment.buffer.length, 0);
    while (this.segments.length > 1 && bytes > TAIL_BYTES) {
      bytes -= (this.segments.shift() as Segment).buffer.length;
    }
  }

  private sliceFromFile(position: number): LogSlice | undefined {
    if (!this.files) return undefined;
    let size = WINDOW;
    for (;;) {
      const buffer = this.scanBuffer(size);
      const got = this.files.read(buffer, Math.min(size, this.durable - position), position);
      let to = 0;
      while (to + HEADER <= got) {
        if (!looksLikeRecord(buffer, to, got, position + to)) throw noRecord(position + to);
        const length = buffer.readUInt32LE(to);
        if (to + length > got) break;
        if (!isRecord(buffer, to, got, position + to)) throw wrongSum(position + to);
        to += length;
      }
      if (to > 0) return { buffer, from: 0, to };
      if (got < HEADER) return undefined;
      size = buffer.readUInt32LE(0);
      if (got === size) throw new DamagedLogError(`the record at ${position} is cut off.`);
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

const noRecord = (position: number): Error => new DamagedLogError(`there is no record at position ${position}.`);
const wrongSum = (position: number): Error =>
  new DamagedLogError(`the record at position ${position} does not match its check sum.`);
