import { crc32 } from "node:zlib";

/** An entry for each stretch of about this many bytes of records. */
export const STRETCH = 4096;

/**
 * Finds records in a compacted chunk, where a record's place no longer follows from its position: for the first record
 * of each stretch, its offset in the chunk as it was and its offset in the file as it is.
 */
export class PositionTable {
  private constructor(private readonly entries: Uint32Array) {}

  /** Where to begin looking for the first record at or after `offset`, and where the stretch after it begins. */
  stretchOf(offset: number): { from: number; to: number | undefined } | undefined {
    const { entries } = this;
    let low = 0;
    let high = entries.length / 2 - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((entries[middle * 2] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    const from = entries[low * 2 + 1];
    return from === undefined ? undefined : { from, to: entries[low * 2 + 3] };
  }

  static decode(bytes: Buffer, sum: number): PositionTable | undefined {
    if (crc32(bytes) !== sum) return undefined;
    const entries = new Uint32Array(bytes.length >> 2);
    for (let i = 0; i < entries.length; i++) entries[i] = bytes.readUInt32LE(i * 4);
    return new PositionTable(entries);
  }
}

/** Collects the entries of a table while the records are written. */
export class PositionTableBuilder {
  private readonly entries: number[] = [];
  private last = -STRETCH;

  /** @param offset in the chunk as it was @param place in the new file */
  add(offset: number, place: number): void {
    if (place - this.last < STRETCH) return;
    this.last = place;
    this.entries.push(offset, place);
  }

  encode(): Buffer {
    const bytes = Buffer.alloc(this.entries.length * 4);
    this.entries.forEach((value, i) => bytes.writeUInt32LE(value, i * 4));
    return bytes;
  }
}
