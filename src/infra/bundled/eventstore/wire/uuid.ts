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
  const id = Buffer.alloc(16);
  while (reader.next()) {
    if (reader.field === 2) parseInto(reader.bytes(), id);
    else if (reader.field === 1) {
      const halves = reader.message();
      while (halves.next()) {
        if (halves.field === 1) id.writeBigUInt64BE(halves.varint64(), 0);
        else if (halves.field === 2) id.writeBigUInt64BE(halves.varint64(), 8);
        else halves.skip();
      }
    } else reader.skip();
  }
  return id;
}

function parseInto(text: Buffer, id: Buffer): void {
  let at = 0;
  for (let i = 0; i < 16; i++) {
    if (text[at] === 45) at++;
    const high = NIBBLE[text[at] ?? 0] as number;
    const low = NIBBLE[text[at + 1] ?? 0] as number;
    if (high < 0 || low < 0) throw new MalformedMessage();
    id[i] = high * 16 + low;
    at += 2;
  }
  if (at !== text.length) throw new MalformedMessage();
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
  parseInto(Buffer.from(text, "latin1"), id);
  return id;
};
