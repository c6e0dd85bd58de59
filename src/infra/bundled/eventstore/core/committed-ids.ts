/** Where an event with a certain id was written. */
export interface CommittedId {
  /** Number of the stream. */
  readonly stream: number;
  readonly revision: number;
  readonly position: number;
}

/**
 * The ids of recent events, for appends that name no revision: a real node recognises a repeated one among what it
 * committed lately (a bounded cache) and so does this. Two generations make it bounded without bookkeeping per entry:
 * at least the latest `capacity` ids are known, at most twice as many.
 */
export class CommittedIds {
  private young: IdTable;
  private old: IdTable;

  /** @param capacity a power of two */
  constructor(readonly capacity: number) {
    this.young = new IdTable(capacity);
    this.old = new IdTable(capacity);
  }

  /** @param id 16 bytes */
  get(id: Buffer): CommittedId | undefined {
    return this.young.get(id) ?? this.old.get(id);
  }

  set(id: Buffer, stream: number, revision: number, position: number): void {
    if (this.young.size >= this.capacity) {
      const spare = this.old;
      this.old = this.young;
      this.young = spare;
      spare.clear();
    }
    this.young.set(id, stream, revision, position);
  }

  delete(id: Buffer): void {
    this.young.delete(id);
    this.old.delete(id);
  }
}

const FREE = 0;
const DELETED = -1;
/** Numbers per entry: stream, revision, position. */
const NUMBERS = 3;

/** A hash table in typed arrays with open addressing: it costs the garbage collector nothing, and half the memory. */
class IdTable {
  size = 0;
  private readonly mask: number;
  private readonly ids: Int32Array;
  private readonly numbers: Float64Array;

  constructor(capacity: number) {
    this.mask = capacity * 2 - 1;
    this.ids = new Int32Array(capacity * 2 * 4);
    this.numbers = new Float64Array(capacity * 2 * NUMBERS);
  }

  get(id: Buffer): CommittedId | undefined {
    const slot = this.find(id);
    if (slot < 0) return undefined;
    const at = slot * NUMBERS;
    const { numbers } = this;
    return {
      stream: numbers[at] as number,
      revision: numbers[at + 1] as number,
      position: numbers[at + 2] as number,
    };
  }

  set(id: Buffer, stream: number, revision: number, position: number): void {
    let slot = this.find(id);
    if (slot < 0) {
      slot = this.firstFree(id);
      const at = slot * 4;
      for (let word = 0; word < 4; word++) this.ids[at + word] = id.readInt32LE(word * 4);
      this.size++;
    }
    const at = slot * NUMBERS;
    this.numbers[at] = stream;
    this.numbers[at + 1] = revision;
    this.numbers[at + 2] = position;
  }

  delete(id: Buffer): void {
    const slot = this.find(id);
    if (slot >= 0) this.numbers[slot * NUMBERS + 2] = DELETED;
  }

  clear(): void {
    this.numbers.fill(0);
    this.size = 0;
  }

  private find(id: Buffer): number {
    const { ids, numbers, mask } = this;
    const a = id.readInt32LE(0);
    const b = id.readInt32LE(4);
    const c = id.readInt32LE(8);
    const d = id.readInt32LE(12);
    for (let slot = hash(id) & mask; ; slot = (slot + 1) & mask) {
      const position = numbers[slot * NUMBERS + 2];
      if (position === FREE) return -1;
      const at = slot * 4;
      if (ids[at] === a && ids[at + 1] === b && ids[at + 2] === c && ids[at + 3] === d && position !== DELETED)
        return slot;
    }
  }

  private firstFree(id: Buffer): number {
    let slot = hash(id) & this.mask;
    while (this.numbers[slot * NUMBERS + 2] !== FREE) slot = (slot + 1) & this.mask;
    return slot;
  }
}

/** Ids are mostly random, but a client may make them by counting. */
function hash(id: Buffer): number {
  let value = id.readInt32LE(0) ^ Math.imul(id.readInt32LE(4), 0x9e3779b1);
  value = Math.imul(value ^ id.readInt32LE(8), 0x85ebca6b) ^ id.readInt32LE(12);
  value = Math.imul(value ^ (value >>> 15), 0xc2b2ae35);
  return value ^ (value >>> 13);
}
