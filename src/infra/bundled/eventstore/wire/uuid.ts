import { type ProtoReader, MalformedMessage } from "./proto-reader";
import { encode } from "./proto-writer";

/**
 * Event ids live as 16 bytes in network order. As a map key they are a 16-character binary string. On the wire they are
 * either text or two signed 64-bit halves (`structured`), whichever the request asks for.
 */
const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const HIGH = Uint8Array.from(HEX, (pair) => pair.charCodeAt(0));
const LOW = Uint8Array.from(HEX, (pair) => pair.charCodeAt(1));
const NIBBLE = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit++) {
  const text = digit.toString(16);
  NIBBLE[text.charCodeAt(0)] = digit;
  NIBBLE[text.toUpperCase().charCodeAt(0)] = digit;
}
const DASHES_BEFORE = new Set([4, 6, 8, 10]);

/** Reads a `UUID` message into 16 bytes. */
export function readUuid(reader: ProtoReader): Buffer {
  // Not `alloc`, which takes memory of its own from the system for each id.
  const id = Buffer.allocUnsafe(16);
  let isRead = false;
  while (reader.next()) {
    if (reader.field === 2) {
      parseInto(reader.buffer, reader.view(), id);
      isRead = true;
    } else if (reader.field === 1) {
      const halves = reader.message();
      id.fill(0);
      isRead = true;
      while (halves.next()) {
        if (halves.field === 1) id.writeBigUInt64BE(halves.varint64(), 0);
        else if (halves.field === 2) id.writeBigUInt64BE(halves.varint64(), 8);
        else halves.skip();
      }
    } else reader.skip();
  }
  return isRead ? id : id.fill(0);
}

function parseInto(text: Buffer, { from, to }: { from: number; to: number }, id: Buffer): void {
  let at = from;
  for (let i = 0; i < 16; i++) {
    if (text[at] === 45) at++;
    const high = at + 1 < to ? (NIBBLE[text[at] as number] as number) : -1;
    const low = NIBBLE[text[at + 1] ?? 0] as number;
    if (high < 0 || low < 0) throw new MalformedMessage();
    id[i] = high * 16 + low;
    at += 2;
  }
  if (at !== to) throw new MalformedMessage();
}

/** Writes the id at `from` in `source` as 36 characters. */
export function putUuidText(target: Buffer, offset: number, source: Buffer, from: number): number {
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) target[offset++] = 45;
    const byte = source[from + i] as number;
    target[offset++] = HIGH[byte] as number;
    target[offset++] = LOW[byte] as number;
  }
  return offset;
}

export function uuidText(id: Buffer, from = 0): string {
  let text = "";
  for (let i = 0; i < 16; i++) {
    if (DASHES_BEFORE.has(i)) text += "-";
    text += HEX[id[from + i] as number] as string;
  }
  return text;
}

/** The `UUID` message of an id as text. */
export const uuidMessage = (id: Buffer, from = 0): Buffer => encode((w) => w.string(2, uuidText(id, from)));

/** The `UUID` message of an id as two halves. */
export const uuidStructured = (id: Buffer, from = 0): Buffer =>
  encode((w) =>
    w.message(1, (halves) => halves.varint(1, id.readBigUInt64BE(from)).varint(2, id.readBigUInt64BE(from + 8))),
  );

export const parseUuid = (text: string): Buffer => {
  const id = Buffer.alloc(16);
  parseInto(Buffer.from(text, "latin1"), { from: 0, to: text.length }, id);
  return id;
};
