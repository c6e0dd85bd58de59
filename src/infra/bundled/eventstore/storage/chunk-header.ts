import { crc32 } from "node:zlib";
import { DamagedLogError, DataFolderError } from "./errors";

/** A log position is `chunk number * CHUNK_SIZE + offset`; no file grows beyond CHUNK_SIZE. */
export const CHUNK_SIZE = 64 * 1024 * 1024;
export const CHUNK_HEADER = 64;
const MAGIC = "MILLRACE-EVENTLOG";
const FORMAT = 1;

/** Of a chunk from which a scavenge took records; the rest moved together. */
export interface Compacted {
  /** Where the records end in the file, and the table begins that tells where a position lies. */
  readonly recordsEnd: number;
  /** Where the chunk ended before: positions up to there belong to it. */
  readonly logicalEnd: number;
  readonly tableSum: number;
}

/**
 *   0 17B magic                                   36 u32 end of the records   \
 *  24 u32 format                                  40 u32 original end          > compacted chunks only
 *  28 u32 number of the chunk                     44 u32 CRC-32 of the table  /
 *  32 u32 1 for a compacted chunk                 48 u32 CRC-32 of bytes 0 to 48 of a compacted chunk
 */
export function encodeHeader(number: number, compacted?: Compacted): Buffer {
  const header = Buffer.alloc(CHUNK_HEADER);
  header.latin1Write(MAGIC, 0);
  header.writeUInt32LE(FORMAT, 24);
  header.writeUInt32LE(number, 28);
  if (compacted) {
    header.writeUInt32LE(1, 32);
    header.writeUInt32LE(compacted.recordsEnd, 36);
    header.writeUInt32LE(compacted.logicalEnd, 40);
    header.writeUInt32LE(compacted.tableSum, 44);
    header.writeUInt32LE(crc32(header.subarray(0, 48)), 48);
  }
  return header;
}

/** Throws where the bytes are not the header of this chunk. */
export function decodeHeader(header: Buffer, number: number, path: string): Compacted | undefined {
  if (header.length < CHUNK_HEADER || header.latin1Slice(0, MAGIC.length) !== MAGIC) {
    throw new DataFolderError(`The file ${path} is not part of an event log of this server.`);
  }
  const format = header.readUInt32LE(24);
  if (format !== FORMAT) {
    throw new DataFolderError(`The file ${path} was written by another version of this server (format ${format}).`);
  }
  if (header.readUInt32LE(28) !== number) {
    throw new DamagedLogError(`the file ${chunkName(number)} holds another part of the log.`);
  }
  if (header.readUInt32LE(32) === 0) return undefined;
  if (header.readUInt32LE(48) !== crc32(header.subarray(0, 48))) {
    throw new DamagedLogError(`the header of the file ${chunkName(number)} does not match its check sum.`);
  }
  return {
    recordsEnd: header.readUInt32LE(36),
    logicalEnd: header.readUInt32LE(40),
    tableSum: header.readUInt32LE(44),
  };
}

export const chunkName = (number: number): string => `${String(number).padStart(8, "0")}.log`;
