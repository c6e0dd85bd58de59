import {
  closeSync,
  existsSync,
  fdatasync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { DamagedLogError, DataFolderError } from "./errors";

/**
 * The files of the log. A log position is `chunk number * CHUNK_SIZE + offset in the file`; each file begins with a
 * header, and a file that is followed by another simply ends where its last record ends. So finding a position needs
 * no table, and no file grows beyond CHUNK_SIZE.
 */
export const CHUNK_SIZE = 64 * 1024 * 1024;
export const CHUNK_HEADER = 64;
const MAGIC = "MILLRACE-EVENTLOG";
const FORMAT = 1;
const NAME = /^(\d{8})\.log$/;

interface Chunk {
  readonly fd: number;
  length: number;
}

export class ChunkFiles {
  private readonly chunks: Chunk[] = [];

  private constructor(
    private readonly folder: string,
    private readonly sync: boolean,
  ) {}

  /** Opens what the folder holds; an empty folder gets the first file. */
  static open(folder: string, sync: boolean): ChunkFiles {
    const files = new ChunkFiles(folder, sync);
    const numbers = readdirSync(folder)
      .map((name) => NAME.exec(name))
      .filter((match) => match !== null)
      .map((match) => Number(match[1]))
      .sort((a, b) => a - b);
    numbers.forEach((number, index) => {
      if (number !== index) throw new DamagedLogError(`the file ${fileName(index)} is missing.`);
      files.chunks.push(files.openExisting(number));
    });
    if (numbers.length === 0) files.create(0);
    return files;
  }

  get last(): number {
    return this.chunks.length - 1;
  }

  /** Position after the last byte of a chunk's file. */
  endOf(number: number): number {
    const chunk = this.chunks[number];
    return number * CHUNK_SIZE + (chunk ? chunk.length : CHUNK_HEADER);
  }

  /** Total bytes of all files. */
  get bytes(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  /** Reads up to `length` bytes from `position` on, within one chunk; answers how many there were. */
  read(target: Buffer, length: number, position: number): number {
    const chunk = this.chunks[Math.floor(position / CHUNK_SIZE)];
    if (!chunk) return 0;
    const offset = position % CHUNK_SIZE;
    const wanted = Math.min(length, chunk.length - offset);
    let done = 0;
    while (done < wanted) {
      const count = readSync(chunk.fd, target, done, wanted - done, offset + done);
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
    const offset = position % CHUNK_SIZE;
    let done = 0;
    try {
      while (from + done < to) done += writeSync(chunk.fd, source, from + done, to - from - done, offset + done);
    } catch (error) {
      // Leave no half record behind, so that the next append finds the file as the index knows it.
      ftruncateSync(chunk.fd, offset);
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
      closeSync((this.chunks.pop() as Chunk).fd);
      unlinkSync(join(this.folder, fileName(this.last + 1)));
    }
    ftruncateSync(chunk.fd, position % CHUNK_SIZE);
    if (this.sync) fsyncSync(chunk.fd);
    chunk.length = position % CHUNK_SIZE;
  }

  /** Puts the chunk that holds `position` on disk. */
  flush(position: number, done: (error: Error | null) => void): void {
    const chunk = this.chunks[Math.floor(position / CHUNK_SIZE)];
    if (!chunk || !this.sync) setImmediate(done, null);
    else fdatasync(chunk.fd, done);
  }

  close(): void {
    for (const chunk of this.chunks) {
      if (this.sync) fsyncSync(chunk.fd);
      closeSync(chunk.fd);
    }
    this.chunks.length = 0;
  }

  private openExisting(number: number): Chunk {
    const path = join(this.folder, fileName(number));
    const fd = openSync(path, "r+");
    const header = Buffer.alloc(CHUNK_HEADER);
    const length = fstatSync(fd).size;
    const got = readSync(fd, header, 0, CHUNK_HEADER, 0);
    const problem =
      got < CHUNK_HEADER || header.latin1Slice(0, MAGIC.length) !== MAGIC
        ? new DataFolderError(`The file ${path} is not part of an event log of this server.`)
        : header.readUInt32LE(24) !== FORMAT
          ? new DataFolderError(
              `The file ${path} was written by another version of this server (format ${header.readUInt32LE(24)}).`,
            )
          : header.readUInt32LE(28) !== number
            ? new DamagedLogError(`the file ${fileName(number)} holds another part of the log.`)
            : undefined;
    if (problem) {
      closeSync(fd);
      throw problem;
    }
    return { fd, length };
  }

  private create(number: number): void {
    const path = join(this.folder, fileName(number));
    if (existsSync(path)) throw new DamagedLogError(`the file ${fileName(number)} is there but should not be.`);
    const previous = this.chunks[number - 1];
    // A later chunk tells that the earlier ones are whole, so they must be on disk before it exists.
    if (previous && this.sync) fsyncSync(previous.fd);
    const fd = openSync(path, "wx+");
    const header = Buffer.alloc(CHUNK_HEADER);
    header.latin1Write(MAGIC, 0);
    header.writeUInt32LE(FORMAT, 24);
    header.writeUInt32LE(number, 28);
    writeSync(fd, header, 0, CHUNK_HEADER, 0);
    if (this.sync) {
      fsyncSync(fd);
      const folder = openSync(this.folder, "r");
      fsyncSync(folder);
      closeSync(folder);
    }
    this.chunks.push({ fd, length: CHUNK_HEADER });
  }
}

const fileName = (number: number): string => `${String(number).padStart(8, "0")}.log`;
