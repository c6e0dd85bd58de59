import {
  closeSync,
  existsSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { CHUNK_HEADER, CHUNK_SIZE, chunkName, type Compacted, decodeHeader, encodeHeader } from "./chunk-header";
import { DamagedLogError } from "./errors";
import { OpenFiles } from "./open-files";
import { PositionTable, STRETCH } from "./position-table";
import { HEADER, u48 } from "./record";

export { CHUNK_HEADER, CHUNK_SIZE } from "./chunk-header";

const NAME = /^(\d{8})\.log$/;
/** A compacted chunk on its way. */
export const UNFINISHED = ".new";
const TABLES_KEPT = 32;
/** Milliseconds: a flush that took this long is not waited for again on this thread, for a while. */
const SLOW_FLUSH = 1;
const SLOW_FOR = 200;

interface Chunk {
  /** Where the records end in the file. */
  length: number;
  /** Undefined for a chunk as it was written, where a record's place is its position. */
  readonly compacted: Compacted | undefined;
}

/**
 * The files of the log. Each begins with a header, and a file that is followed by another simply ends where its last
 * record ends, so finding a position needs no table; only a file from which a scavenge took records has one.
 */
export class ChunkFiles {
  private readonly chunks: Chunk[] = [];
  private readonly files: OpenFiles;
  private readonly tables = new Map<number, PositionTable>();
  private slowUntil = 0;
  private readonly stretch = Buffer.allocUnsafeSlow(STRETCH + HEADER);

  private constructor(
    private readonly folder: string,
    readonly sync: boolean,
  ) {
    this.files = new OpenFiles((number) => this.pathOf(number));
  }

  /** Opens what the folder holds; an empty folder gets the first file. */
  static open(folder: string, sync: boolean): ChunkFiles {
    const self = new ChunkFiles(folder, sync);
    const names = readdirSync(folder);
    const numbers = names
      .map((name) => NAME.exec(name))
      .filter((match) => match !== null)
      .map((match) => Number(match[1]))
      .sort((a, b) => a - b);
    try {
      numbers.forEach((number, index) => {
        if (number !== index) throw new DamagedLogError(`the file ${chunkName(index)} is missing.`);
        self.chunks.push(self.openExisting(number));
      });
      for (const name of names) if (name.endsWith(UNFINISHED)) rmSync(join(folder, name));
      if (numbers.length === 0) self.create(0);
    } catch (error) {
      self.files.closeAll();
      throw error;
    }
    return self;
  }

  get last(): number {
    return this.chunks.length - 1;
  }

  pathOf(number: number): string {
    return join(this.folder, chunkName(number));
  }

  isCompacted(number: number): boolean {
    return this.chunks[number]?.compacted !== undefined;
  }

  /** Position after the last record of a chunk (after the last that it had before a scavenge). */
  endOf(number: number): number {
    const chunk = this.chunks[number];
    return number * CHUNK_SIZE + (chunk ? (chunk.compacted?.logicalEnd ?? chunk.length) : CHUNK_HEADER);
  }

  /** Bytes of records in the file of a chunk, with its header. */
  lengthOf(number: number): number {
    return this.chunks[number]?.length ?? CHUNK_HEADER;
  }

  /** Bytes that the file of a chunk takes. */
  sizeOf(number: number): number {
    return fstatSync(this.files.get(number)).size;
  }

  /** Where in the file of its chunk the first record at or after `position` lies, or the records end. */
  locate(position: number): number {
    const number = Math.floor(position / CHUNK_SIZE);
    const offset = position - number * CHUNK_SIZE;
    const chunk = this.chunks[number];
    if (!chunk) return CHUNK_HEADER;
    if (!chunk.compacted) return Math.min(Math.max(offset, CHUNK_HEADER), chunk.length);
    const stretch = this.tableOf(number, chunk.compacted).stretchOf(offset);
    if (!stretch) return chunk.length;
    const end = stretch.to ?? chunk.length;
    const got = this.read(this.stretch, Math.min(STRETCH + HEADER, chunk.length - stretch.from), number, stretch.from);
    for (let at = 0; at + HEADER <= got && stretch.from + at < end; at += this.stretch.readUInt32LE(at)) {
      if (u48(this.stretch, at + 8) >= position) return stretch.from + at;
    }
    return end;
  }

  /** Reads up to `length` bytes of records from a place in a chunk's file; answers how many there were. */
  read(target: Buffer, length: number, number: number, place: number): number {
    const chunk = this.chunks[number];
    if (!chunk) return 0;
    const wanted = Math.min(length, chunk.length - place);
    const fd = wanted > 0 ? this.files.get(number) : -1;
    let done = 0;
    while (done < wanted) {
      const count = readSync(fd, target, done, wanted - done, place + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  /** Writes at a position which must be the end of its chunk, or the beginning of the next one. */
  write(source: Buffer, from: number, to: number, position: number): void {
    const number = Math.floor(position / CHUNK_SIZE);
    if (number > this.last) this.create(number);
    const chunk = this.chunks[number] as Chunk;
    const fd = this.files.get(number);
    const offset = position % CHUNK_SIZE;
    let done = 0;
    try {
      while (from + done < to) done += writeSync(fd, source, from + done, to - from - done, offset + done);
    } catch (error) {
      // Leave no half record behind, so that the next append finds the file as the index knows it.
      ftruncateSync(fd, offset);
      throw error;
    }
    chunk.length = offset + (to - from);
  }

  /** Cuts the log so that it ends at `position`. */
  truncate(position: number): void {
    const number = Math.floor(position / CHUNK_SIZE);
    const chunk = this.chunks[number];
    if (!chunk) return;
    while (this.last > number) {
      this.files.close(this.last);
      this.chunks.pop();
      unlinkSync(this.pathOf(this.chunks.length));
    }
    const fd = this.files.get(number);
    ftruncateSync(fd, position % CHUNK_SIZE);
    if (this.sync) fsyncSync(fd);
    chunk.length = position % CHUNK_SIZE;
  }

  /**
   * Puts the chunk that holds `position` on disk. Where somebody waits for this `alone`, it is done on this thread as
   * long as the disk is quick: handing it to another thread and back takes as long as the disk itself.
   */
  flush(position: number, alone: boolean, done: (error: Error | null) => void): void {
    const number = Math.floor(position / CHUNK_SIZE);
    if (number > this.last || !this.sync) {
      setImmediate(done, null);
      return;
    }
    const fd = this.files.get(number);
    const start = performance.now();
    if (!alone || start < this.slowUntil) {
      fdatasync(fd, done);
      return;
    }
    try {
      fdatasyncSync(fd);
      setImmediate(done, null);
    } catch (error) {
      setImmediate(done, error as Error);
    }
    const end = performance.now();
    if (end - start > SLOW_FLUSH) this.slowUntil = end + SLOW_FOR;
  }

  /** Puts a compacted file, which is whole and on disk, in the place of a chunk's file. */
  replace(number: number, unfinished: string, compacted: Compacted): void {
    renameSync(unfinished, this.pathOf(number));
    this.syncFolder();
    this.files.close(number);
    this.tables.delete(number);
    this.chunks[number] = { length: compacted.recordsEnd, compacted };
  }

  close(): void {
    if (this.sync && this.last >= 0) fsyncSync(this.files.get(this.last));
    this.files.closeAll();
    this.chunks.length = 0;
  }

  private openExisting(number: number): Chunk {
    const path = this.pathOf(number);
    const fd = this.files.get(number);
    const size = fstatSync(fd).size;
    const header = Buffer.alloc(CHUNK_HEADER);
    const got = readSync(fd, header, 0, CHUNK_HEADER, 0);
    const compacted = decodeHeader(header.subarray(0, got), number, path);
    if (compacted && compacted.recordsEnd > size)
      throw new DamagedLogError(`the file ${chunkName(number)} is cut off.`);
    return { length: compacted?.recordsEnd ?? size, compacted };
  }

  private create(number: number): void {
    const path = this.pathOf(number);
    if (existsSync(path)) throw new DamagedLogError(`the file ${chunkName(number)} is there but should not be.`);
    // A later chunk tells that the earlier ones are whole, so they must be on disk before it exists.
    if (number > 0 && this.sync) fsyncSync(this.files.get(number - 1));
    const fd = openSync(path, "wx+");
    try {
      writeSync(fd, encodeHeader(number), 0, CHUNK_HEADER, 0);
      if (this.sync) fsyncSync(fd);
      this.syncFolder();
    } catch (error) {
      closeSync(fd);
      rmSync(path, { force: true });
      throw error;
    }
    this.files.add(number, fd);
    this.chunks.push({ length: CHUNK_HEADER, compacted: undefined });
  }

  private syncFolder(): void {
    if (!this.sync) return;
    const folder = openSync(this.folder, "r");
    fsyncSync(folder);
    closeSync(folder);
  }

  private tableOf(number: number, compacted: Compacted): PositionTable {
    let table = this.tables.get(number);
    if (table) return table;
    const fd = this.files.get(number);
    const bytes = Buffer.alloc(fstatSync(fd).size - compacted.recordsEnd);
    readSync(fd, bytes, 0, bytes.length, compacted.recordsEnd);
    table = PositionTable.decode(bytes, compacted.tableSum);
    if (!table) throw new DamagedLogError(`the table of the file ${chunkName(number)} does not match its check sum.`);
    if (this.tables.size >= TABLES_KEPT) this.tables.clear();
    this.tables.set(number, table);
    return table;
  }
}
