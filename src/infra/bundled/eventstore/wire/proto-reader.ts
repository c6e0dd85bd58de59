/**
 * A cursor over one protobuf message. It never copies: `bytes()` answers a view into the message, which is what keeps
 * appends cheap. Malformed input throws `MalformedMessage`.
 */
export class MalformedMessage extends Error {
  constructor() {
    super("The request is not a well-formed protobuf message.");
  }
}

export class ProtoReader {
  /** Number of the field that `next()` found. */
  field = 0;
  private wire = 0;

  constructor(
    readonly buffer: Buffer,
    public offset = 0,
    readonly end = buffer.length,
  ) {}

  /** Moves to the next field; false at the end of the message. */
  next(): boolean {
    if (this.offset >= this.end) return false;
    const tag = this.varint();
    this.field = Math.floor(tag / 8);
    this.wire = tag & 7;
    return true;
  }

  /** An unsigned number. Above 2^53 it is rounded: such values only ever mean "no limit" in this protocol. */
  varint(): number {
    const buffer = this.buffer;
    let byte = this.byteAt(this.offset++);
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    let factor = 128;
    for (let i = 1; i < 10; i++) {
      byte = this.offset < this.end ? (buffer[this.offset] as number) : this.byteAt(this.end);
      this.offset++;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    throw new MalformedMessage();
  }

  /** A 64-bit number in all its bits. */
  varint64(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byteAt(this.offset++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new MalformedMessage();
  }

  /** A signed 32- or 64-bit number (two's complement, as `int32` and `int64` are sent). */
  int(): number {
    return Number(BigInt.asIntN(64, this.varint64()));
  }

  bool(): boolean {
    return this.varint() !== 0;
  }

  bytes(): Buffer {
    const length = this.varint();
    const start = this.offset;
    if (this.wire !== 2 || start + length > this.end) throw new MalformedMessage();
    this.offset = start + length;
    return this.buffer.subarray(start, this.offset);
  }

  /** Where the bytes of the current field lie in `buffer`. */
  view(): { from: number; to: number } {
    const length = this.varint();
    const from = this.offset;
    if (this.wire !== 2 || from + length > this.end) throw new MalformedMessage();
    this.offset = from + length;
    return { from, to: this.offset };
  }

  string(): string {
    const length = this.varint();
    const start = this.offset;
    if (this.wire !== 2 || start + length > this.end) throw new MalformedMessage();
    this.offset = start + length;
    return this.buffer.utf8Slice(start, this.offset);
  }

  /** A reader over the embedded message that comes next. */
  message(): ProtoReader {
    const length = this.varint();
    const start = this.offset;
    if (this.wire !== 2 || start + length > this.end) throw new MalformedMessage();
    this.offset = start + length;
    return new ProtoReader(this.buffer, start, this.offset);
  }

  /** Passes over the value of the current field. */
  skip(): void {
    switch (this.wire) {
      case 0:
        this.varint();
        return;
      case 1:
        this.offset += 8;
        break;
      case 2: {
        const length = this.varint();
        this.offset += length;
        break;
      }
      case 5:
        this.offset += 4;
        break;
      default:
        throw new MalformedMessage();
    }
    if (this.offset > this.end) throw new MalformedMessage();
  }

  private byteAt(offset: number): number {
    if (offset >= this.end) throw new MalformedMessage();
    return this.buffer[offset] as number;
  }
}

declare global {
  interface Buffer {
    /** Node's direct decoders, without the argument juggling of `toString`. */
    utf8Slice(start?: number, end?: number): string;
    latin1Slice(start?: number, end?: number): string;
    utf8Write(text: string, offset?: number, length?: number): number;
    latin1Write(text: string, offset?: number, length?: number): number;
  }
}
