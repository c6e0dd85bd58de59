import { type NewRecord } from "../storage/record";
import { METADATA_TYPE } from "./stream-metadata";

/** One event for a stream, part of a write of the server's own that may touch several streams at once. */
export interface InternalEvent {
  readonly stream: string;
  readonly event: NewRecord;
}

const NOTHING = Buffer.alloc(0);
const TYPE_METADATA = Buffer.from(METADATA_TYPE);

let counter = 0;
/** Ids of events the server itself writes: unique, and never taken for a repetition. */
export function newId(): Buffer {
  const id = Buffer.alloc(16);
  id.writeUIntBE(Date.now(), 0, 6);
  id.writeUInt32BE(++counter >>> 0, 12);
  id.writeUInt32BE((Math.random() * 0x100000000) >>> 0, 8);
  id[6] = 0x70;
  id[8] = 0x80 | ((id[8] as number) & 0x3f);
  return id;
}

export const metadataEvent = (data: Buffer): NewRecord => ({
  id: newId(),
  type: TYPE_METADATA,
  isJson: true,
  data,
  metadata: NOTHING,
});

/** An event whose data are a JSON value. */
export const jsonEvent = (type: string, value: unknown): NewRecord => ({
  id: newId(),
  type: Buffer.from(type),
  isJson: true,
  data: Buffer.from(JSON.stringify(value)),
  metadata: NOTHING,
});

/** An event that points to another one. */
export const linkEvent = (target: string | Buffer, metadata: Buffer = NOTHING): NewRecord => ({
  id: newId(),
  type: Buffer.from("$>"),
  isJson: false,
  data: Buffer.from(target),
  metadata,
});
