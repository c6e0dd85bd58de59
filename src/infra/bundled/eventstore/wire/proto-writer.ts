/** Builds one protobuf message. For answers that are not on a hot path; events have an encoder of their own. */
export class ProtoWriter {
  private readonly parts: Buffer[] = [];

  varint(field: number, value: number | bigint): this {
    this.parts.push(varint(field * 8), varint(value));
    return this;
  }

  bool(field: number, value: boolean): this {
    return value ? this.varint(field, 1) : this;
  }

  string(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value, "utf8"));
  }

  bytes(field: number, value: Buffer): this {
    this.parts.push(varint(field * 8 + 2), varint(value.length), value);
    return this;
  }

  /** An embedded message: built by a function, or already encoded. */
  message(field: number, value: Buffer | ((writer: ProtoWriter) => unknown) = EMPTY): this {
    if (typeof value !== "function") return this.bytes(field, value);
    const inner = new ProtoWriter();
    value(inner);
    return this.bytes(field, inner.finish());
  }

  finish(): Buffer {
    return Buffer.concat(this.parts);
  }
}

export const EMPTY = Buffer.alloc(0);

/** Negative numbers become ten bytes, as `int32` and `int64` are sent. */
export function varint(value: number | bigint): Buffer {
  if (typeof value === "number" && value >= 0 && value < 128) return Buffer.of(value);
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

export function encode(build: (writer: ProtoWriter) => unknown): Buffer {
  const writer = new ProtoWriter();
  build(writer);
  return writer.finish();
}

/** Bytes that `value` takes as a varint. */
export function varintSize(value: number): number {
  let size = 1;
  while (value >= 128) {
    value = Math.floor(value / 128);
    size++;
  }
  return size;
}

/** Writes `value` (below 2^53) as a varint; answers the offset after it. */
export function putVarint(buffer: Buffer, offset: number, value: number): number {
  while (value >= 0x80000000) {
    buffer[offset++] = (value % 128) | 128;
    value = Math.floor(value / 128);
  }
  while (value >= 128) {
    buffer[offset++] = (value & 127) | 128;
    value >>>= 7;
  }
  buffer[offset++] = value;
  return offset;
}
