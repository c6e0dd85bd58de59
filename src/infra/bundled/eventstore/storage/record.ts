import { crc32 } from "node:zlib";
import { putVarint, varintSize } from "../wire/proto-writer";

/**
 * How one event lies in the log. The body is the protobuf encoding of the protocol's `RecordedEvent` without its id, so
 * that answering an event is one header and one copy. All header numbers are little-endian; six-byte ones hold
 * integers below 2^48.
 *
 *   0 u32 length, from here to the end of the trailer     40 16B event id
 *   4 u32 CRC-32 of bytes 8 to length-4                   56 u8  offset of the stream name
 *   8 u48 position of this record in the log              57 u8  unused
 *  14 u8  0xE5                                            58 u16 length of the stream name
 *  15 u8  flags                                           60 u16 length of the event type
 *  16 u48 revision in its stream                          64 u32 offset of the event type
 *  22 u48 number of the stream                            68 u32 length of the data, which end the body
 *  28 u48 time, milliseconds                              72 body, then u32 length again (to walk backwards)
 *  34 u48 position up to which the log was known to be on disk when this was written
 */
export const HEADER = 72;
export const TRAILER = 4;
export const MARK = 0xe5;
export const MAX_RECORD = 40 * 1024 * 1024;
/** Above this a revision could not be told from the end marker. */
export const MAX_REVISION = 2 ** 48 - 2;
const TOMBSTONE_REVISION = 2 ** 48 - 1;
/** What the protocol calls the revision of a tombstone: the greatest signed 64-bit number. */
export const DELETED = 2 ** 63;

export const FLAG = { END_OF_APPEND: 1, JSON: 2, TOMBSTONE: 4, LINK: 8, INTERNAL: 16 } as const;

export interface NewRecord {
  readonly id: Buffer;
  readonly type: Buffer;
  readonly isJson: boolean;
  readonly data: Buffer;
  readonly metadata: Buffer;
}

export interface Placement {
  readonly position: number;
  readonly streamId: number;
  readonly revision: number;
  readonly flags: number;
  readonly created: number;
  readonly durable: number;
  readonly stream: string;
  /** Bytes of its name. */
  readonly streamLength: number;
}

const mapEntry = (key: string, value: string): Buffer => {
  const k = Buffer.from(key);
  const v = Buffer.from(value);
  const entry = Buffer.concat([Buffer.of(0x0a, k.length), k, Buffer.of(0x12, v.length), v]);
  return Buffer.concat([Buffer.of(0x32, entry.length), entry]);
};
const JSON_ENTRY = mapEntry("content-type", "application/json");
const BINARY_ENTRY = mapEntry("content-type", "application/octet-stream");
const TYPE_KEY = Buffer.from("\x0a\x04type\x12");
const LINK_TYPE = Buffer.from("$>");
/** Greatest signed 64-bit number as a varint. */
const LAST_REVISION = Buffer.from("ffffffffffffffff7f", "hex");

let createdAt = -1;
let createdEntry: Buffer = Buffer.alloc(0);
/** The protocol counts time in ticks of 100 ns since 1970. */
function createdField(milliseconds: number): Buffer {
  if (milliseconds !== createdAt) {
    createdAt = milliseconds;
    createdEntry = mapEntry("created", `${milliseconds}0000`);
  }
  return createdEntry;
}

/** An upper bound of the bytes `putRecord` needs. */
export function recordBound(event: NewRecord, streamLength: number): number {
  return HEADER + TRAILER + 172 + streamLength + event.type.length + event.metadata.length + event.data.length;
}

/** Writes a record at `offset`; answers the offset after it. */
export function putRecord(target: Buffer, offset: number, event: NewRecord, place: Placement): number {
  const start = offset;
  const { position, stream, streamLength } = place;
  const tombstone = (place.flags & FLAG.TOMBSTONE) !== 0;
  let at = start + HEADER;
  // The stream identifier, a message with the name as its field 3.
  target[at++] = 0x12;
  at = putVarint(target, at, 1 + varintSize(streamLength) + streamLength);
  target[at++] = 0x1a;
  at = putVarint(target, at, streamLength);
  const nameAt = at;
  at += streamLength === stream.length ? target.latin1Write(stream, at) : target.utf8Write(stream, at);
  target[at++] = 0x18;
  if (tombstone) {
    LAST_REVISION.copy(target, at);
    at += LAST_REVISION.length;
  } else at = putVarint(target, at, place.revision);
  target[at++] = 0x20;
  at = putVarint(target, at, position);
  target[at++] = 0x28;
  at = putVarint(target, at, position);
  const type = event.type;
  target[at++] = 0x32;
  at = putVarint(target, at, TYPE_KEY.length + varintSize(type.length) + type.length);
  TYPE_KEY.copy(target, at);
  at += TYPE_KEY.length;
  at = putVarint(target, at, type.length);
  const typeAt = at;
  type.copy(target, at);
  at += type.length;
  const content = event.isJson ? JSON_ENTRY : BINARY_ENTRY;
  content.copy(target, at);
  at += content.length;
  const created = createdField(place.created);
  created.copy(target, at);
  at += created.length;
  if (event.metadata.length > 0) {
    target[at++] = 0x3a;
    at = putVarint(target, at, event.metadata.length);
    event.metadata.copy(target, at);
    at += event.metadata.length;
  }
  if (event.data.length > 0) {
    target[at++] = 0x42;
    at = putVarint(target, at, event.data.length);
    event.data.copy(target, at);
    at += event.data.length;
  }
  const length = at + TRAILER - start;
  let flags = place.flags;
  if (event.isJson) flags |= FLAG.JSON;
  if (type.length === 2 && type.equals(LINK_TYPE)) flags |= FLAG.LINK;
  target.writeUInt32LE(length, start);
  putU48(target, start + 8, position);
  target[start + 14] = MARK;
  target[start + 15] = flags;
  putU48(target, start + 16, tombstone ? TOMBSTONE_REVISION : place.revision);
  putU48(target, start + 22, place.streamId);
  putU48(target, start + 28, place.created);
  putU48(target, start + 34, place.durable);
  event.id.copy(target, start + 40);
  target[start + 56] = nameAt - start;
  target[start + 57] = 0;
  target.writeUInt16LE(streamLength, start + 58);
  target.writeUInt16LE(type.length, start + 60);
  target.writeUInt16LE(0, start + 62);
  target.writeUInt32LE(typeAt - start, start + 64);
  target.writeUInt32LE(event.data.length, start + 68);
  target.writeUInt32LE(length, at);
  target.writeUInt32LE(crc32(target.subarray(start + 8, at)), start + 4);
  return at + TRAILER;
}

export function putU48(buffer: Buffer, offset: number, value: number): void {
  buffer.writeUInt32LE(value % 0x100000000, offset);
  buffer.writeUInt16LE(Math.floor(value / 0x100000000), offset + 4);
}

export function u48(buffer: Buffer, offset: number): number {
  return (
    ((buffer[offset] as number) | ((buffer[offset + 1] as number) << 8) | ((buffer[offset + 2] as number) << 16)) +
    ((buffer[offset + 3] as number) + (buffer[offset + 4] as number) * 256 + (buffer[offset + 5] as number) * 65536) *
      16777216
  );
}

/** True where a whole record for `position` lies at `offset` and its check sum holds. */
export function isRecord(buffer: Buffer, offset: number, end: number, position: number): boolean {
  if (!looksLikeRecord(buffer, offset, end, position)) return false;
  const length = buffer.readUInt32LE(offset);
  if (offset + length > end) return false;
  return crc32(buffer.subarray(offset + 8, offset + length - TRAILER)) === buffer.readUInt32LE(offset + 4);
}

/** The cheap part of `isRecord`: only the header must be there. */
export function looksLikeRecord(buffer: Buffer, offset: number, end: number, position: number): boolean {
  if (offset + HEADER > end || buffer[offset + 14] !== MARK) return false;
  const length = buffer.readUInt32LE(offset);
  return length > HEADER && length <= MAX_RECORD && u48(buffer, offset + 8) === position;
}

/** Reading a record's parts, given where it starts. */
export const record = {
  length: (b: Buffer, o: number): number => b.readUInt32LE(o),
  position: (b: Buffer, o: number): number => u48(b, o + 8),
  flags: (b: Buffer, o: number): number => b[o + 15] as number,
  /** `DELETED` for a tombstone. */
  revision: (b: Buffer, o: number): number => {
    const revision = u48(b, o + 16);
    return revision === TOMBSTONE_REVISION ? DELETED : revision;
  },
  streamId: (b: Buffer, o: number): number => u48(b, o + 22),
  created: (b: Buffer, o: number): number => u48(b, o + 28),
  durable: (b: Buffer, o: number): number => u48(b, o + 34),
  hasId: (b: Buffer, o: number, id: Buffer): boolean => b.compare(id, 0, 16, o + 40, o + 56) === 0,
  idKey: (b: Buffer, o: number): string => b.latin1Slice(o + 40, o + 56),
  nameStart: (b: Buffer, o: number): number => o + (b[o + 56] as number),
  nameLength: (b: Buffer, o: number): number => b.readUInt16LE(o + 58),
  name: (b: Buffer, o: number): string => {
    const start = o + (b[o + 56] as number);
    return b.utf8Slice(start, start + b.readUInt16LE(o + 58));
  },
  typeStart: (b: Buffer, o: number): number => o + b.readUInt32LE(o + 64),
  typeLength: (b: Buffer, o: number): number => b.readUInt16LE(o + 60),
  type: (b: Buffer, o: number): string => {
    const start = o + b.readUInt32LE(o + 64);
    return b.utf8Slice(start, start + b.readUInt16LE(o + 60));
  },
  isJson: (b: Buffer, o: number): boolean => ((b[o + 15] as number) & FLAG.JSON) !== 0,
  data: (b: Buffer, o: number): Buffer => {
    const end = o + b.readUInt32LE(o) - TRAILER;
    return b.subarray(end - b.readUInt32LE(o + 68), end);
  },
  /** The client's own metadata, empty where there is none. */
  metadata: (b: Buffer, o: number): Buffer => {
    const dataLength = b.readUInt32LE(o + 68);
    const end = o + b.readUInt32LE(o) - TRAILER;
    const dataField = dataLength === 0 ? end : end - dataLength - varintSize(dataLength) - 1;
    // Walk the metadata map (tag 0x32) from the type entry on; what follows it is the custom metadata (tag 0x3a).
    let at = o + b.readUInt32LE(o + 64) + b.readUInt16LE(o + 60);
    while (at < dataField) {
      const tag = b[at++] as number;
      let size = 0;
      for (let factor = 1; ; factor *= 128) {
        const byte = b[at++] as number;
        size += (byte & 127) * factor;
        if (byte < 128) break;
      }
      if (tag === 0x3a) return b.subarray(at, at + size);
      at += size;
    }
    return b.subarray(0, 0);
  },
};
