import { CHUNK_HEADER, CHUNK_SIZE, type ChunkFiles } from "./chunk-files";
import { compact, type Sieve } from "./compaction";
import { FileReader, type LogSlice, noRecord, type RecordView } from "./file-reader";
import { isRecord, record } from "./record";

export { type LogSlice, type RecordView } from "./file-reader";

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
/** A file smaller than this is not worth ending. */
const ROLL_FROM = 64 * 1024;

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
  private readonly reader: FileReader | undefined;
  private rolls = false;

  constructor(private readonly files: ChunkFiles | undefined) {
    this.reader = files && new FileReader(files);
    this.end = files ? files.endOf(files.last) : CHUNK_HEADER;
    this.durable = this.end;
  }

  /** Room for `bytes` in one piece of memory and one file. The caller writes there and then calls `advance`. */
  reserve(bytes: number): { buffer: Buffer; offset: number; position: number } {
    if (bytes > CHUNK_SIZE - CHUNK_HEADER) throw new RangeError("too large for the log");
    const chunkEnd = (Math.floor(this.end / CHUNK_SIZE) + 1) * CHUNK_SIZE;
    const jump = this.rolls || this.end % CHUNK_SIZE === 0 || this.end + bytes > chunkEnd;
    this.rolls = false;
    if (jump) this.end = (this.end % CHUNK_SIZE === 0 ? this.end : chunkEnd) + CHUNK_HEADER;
    let segment = this.segments.at(-1);
    if (!segment || jump || segment.used + bytes > segment.buffer.length || segment.start + segment.used !== this.end) {
      segment = { start: this.end, buffer: Buffer.allocUnsafeSlow(Math.max(SEGMENT_SIZE, bytes)), used: 0, written: 0 };
      this.segments.push(segment);
    }
    return { buffer: segment.buffer, offset: segment.used, position: this.end };
  }

  /** Lets the next record begin a new file, so that all earlier ones are complete and can be scavenged. */
  roll(): void {
    if (this.files && this.end % CHUNK_SIZE > ROLL_FROM) this.rolls = true;
  }

  /** Tells that the room given by `reserve` was filled up to `offset`. */
  advance(offset: number): void {
    const segment = this.segments.at(-1) as Segment;
    this.end += offset - segment.used;
    segment.used = offset;
  }

  /**
   * Writes everything new to the files and, once it is on disk, makes it visible. Where that fails, `doubtful` tells
   * that nobody knows what of it is on disk; otherwise nothing is.
   * @param alone whether one client only waits for it
   */
  flush(alone: boolean, done: (error: Error | null, doubtful: boolean) => void): void {
    const end = this.end;
    const finish = (error: Error | null, written = true): void => {
      if (!error) {
        this.durable = end;
        this.forget();
      }
      done(error, written);
    };
    if (!this.files) {
      // Not within this call: the caller has yet to see all its state settled.
      setImmediate(finish, null);
      return;
    }
    try {
      this.writeNew(this.files);
    } catch (error) {
      setImmediate(finish, error instanceof Error ? error : new Error(String(error)), false);
      return;
    }
    this.files.flush(end - 1, alone, (error) => finish(error));
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
      const slice = this.reader?.sliceFrom(position, this.durable);
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
      if (!this.files) {
        // Between two segments lies only the jump to the next chunk.
        const before = this.segments.findLast((candidate) => candidate.start < position);
        if (!before) return undefined;
        position = Math.min(position, before.start + before.used);
        continue;
      }
      const chunk = Math.floor((position - 1) / CHUNK_SIZE);
      const end = position === (chunk + 1) * CHUNK_SIZE ? this.files.lengthOf(chunk) : this.files.locate(position);
      if (end > CHUNK_HEADER && this.reader) return this.reader.sliceBefore(chunk, end);
      if (chunk === 0) return undefined;
      position = this.files.endOf(chunk - 1);
    }
  }

  /** The record at `position`, visible or not yet. Throws where there is none. */
  recordAt(position: number): RecordView {
    const view = this.find(position);
    if (!view) throw noRecord(position);
    return view;
  }

  /** The record at `position`; undefined where a scavenge has taken it. Throws where there was never one. */
  find(position: number): RecordView | undefined {
    const segment = this.segmentOf(position);
    if (segment && segment.start <= position) return { buffer: segment.buffer, offset: position - segment.start };
    if (!this.reader) throw noRecord(position);
    return this.reader.find(position);
  }

  /** How many files are complete: nothing more is written to them. */
  get completeChunks(): number {
    return this.files ? this.files.last : 0;
  }

  /** Takes records from a complete chunk; answers the bytes given back, or undefined where it was ended before. */
  async compact(chunk: number, sieve: Sieve): Promise<number | undefined> {
    if (!this.files || chunk >= this.files.last) return 0;
    const saved = await compact(this.files, chunk, sieve);
    if (saved) this.replaced(chunk);
    return saved;
  }

  /** The first record start at or after `position`; `durable` where there is none. */
  boundary(position: number): number {
    if (position <= CHUNK_HEADER) return CHUNK_HEADER;
    if (position >= this.durable) return this.durable;
    if (this.files?.isCompacted(Math.floor(position / CHUNK_SIZE))) {
      const slice = this.sliceFrom(position);
      return slice ? record.position(slice.buffer, slice.from) : this.durable;
    }
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

  private replaced(chunk: number): void {
    this.reader?.replaced(chunk);
    const end = (chunk + 1) * CHUNK_SIZE;
    while (this.segments.length > 1 && (this.segments[0] as Segment).start < end) this.segments.shift();
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
}
