/** What a command did: where its events lie in the stream, and the fingerprint of its content. */
export interface CommandTrace {
  readonly first: number;
  readonly last: number;
  readonly hash: string | undefined;
}

/** Per stream at least this many of the latest commands are remembered and recognised when repeated. */
export const REMEMBERED_COMMANDS = 10_000;

/** A packed command: id, first revision, events less one, what its fingerprint is, the fingerprint. */
const RECORD = 16 + 4 + 2 + 1 + 20;
const AT_FIRST = 16;
const AT_MORE = 20;
const AT_KIND = 22;
const AT_HASH = 23;

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;
/** Fingerprints as `fingerprint` makes them: of 20 bytes, with a key or without. */
const FINGERPRINT = /^(k\.)?([\w-]{27})$/;
const NONE = 0;
const PLAIN = 1;
const KEYED = 2;

const EMPTY: Buffer = Buffer.alloc(0);

/**
 * The latest commands of a stream. Those that came with a snapshot stay as they lie in it, sorted by their ids: ten
 * thousand of them are there at once, and take a fifth of the memory.
 */
export class CommandMemory {
  private latest = new Map<string, CommandTrace>();
  private packed: Buffer = EMPTY;

  get size(): number {
    return this.latest.size + this.packed.length / RECORD;
  }

  get(id: string): CommandTrace | undefined {
    return this.latest.get(id) ?? (this.packed.length > 0 ? found(this.packed, id) : undefined);
  }

  /** Adds a command; of too many the oldest go. */
  set(id: string, trace: CommandTrace): void {
    this.latest.set(id, trace);
    if (this.latest.size <= REMEMBERED_COMMANDS) return;
    this.packed = EMPTY; // older than any of those
    const oldest = this.latest.keys().next();
    if (!oldest.done) this.latest.delete(oldest.value);
  }

  /**
   * The latest commands up to a revision in few bytes; `undefined` when one of them is of another kind than the shop
   * makes.
   */
  pack(upTo: number): Buffer | undefined {
    const records: Buffer[] = [];
    const later = new Map<string, CommandTrace>();
    for (const [id, trace] of this.latest) {
      const record = trace.last > upTo ? undefined : recordOf(id, trace);
      if (record !== undefined) records.push(record);
      else if (trace.last > upTo) later.set(id, trace);
      else return undefined;
    }
    this.packed = latestOf(merged(this.packed, records));
    this.latest = later;
    return this.packed;
  }

  /** @throws when the bytes are not what `pack` makes */
  static unpack(bytes: Buffer): CommandMemory {
    if (bytes.length % RECORD !== 0) throw new Error(`${bytes.length} bytes are no whole number of commands`);
    const memory = new CommandMemory();
    memory.packed = bytes;
    return memory;
  }
}

function recordOf(id: string, { first, last, hash }: CommandTrace): Buffer | undefined {
  const [, key, digest] = (hash !== undefined && FINGERPRINT.exec(hash)) || [];
  if (!UUID.test(id) || (hash !== undefined && digest === undefined)) return undefined;
  if (first > 0xffff_ffff || last - first > 0xffff) return undefined;
  const record = Buffer.alloc(RECORD);
  record.write(id.replaceAll("-", ""), "hex");
  record.writeUInt32BE(first, AT_FIRST);
  record.writeUInt16BE(last - first, AT_MORE);
  record.writeUInt8(digest === undefined ? NONE : key === undefined ? PLAIN : KEYED, AT_KIND);
  if (digest !== undefined) record.write(digest, AT_HASH, "base64url");
  return record;
}

function found(packed: Buffer, id: string): CommandTrace | undefined {
  if (!UUID.test(id)) return undefined;
  const wanted = Buffer.from(id.replaceAll("-", ""), "hex");
  const at = placeOf(packed, wanted);
  return isAt(packed, at, wanted) ? traceOf(packed.subarray(at, at + RECORD)) : undefined;
}

/** Where the first record is whose id is not less than the wanted one, by bisection. */
function placeOf(packed: Buffer, wanted: Buffer, begin = 0): number {
  let [from, to] = [begin / RECORD, packed.length / RECORD];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (packed.compare(wanted, 0, 16, middle * RECORD, middle * RECORD + 16) < 0) from = middle + 1;
    else to = middle;
  }
  return from * RECORD;
}

const isAt = (packed: Buffer, at: number, id: Buffer): boolean =>
  at < packed.length && packed.compare(id, 0, 16, at, at + 16) === 0;

/** Both sorted by id; a record that is in both is taken from the newer ones. */
function merged(older: Buffer, newer: Buffer[]): Buffer {
  if (newer.length === 0) return older;
  const parts: Buffer[] = [];
  let at = 0;
  for (const record of newer.sort((a, b) => a.compare(b, 0, 16, 0, 16))) {
    const place = placeOf(older, record, at);
    parts.push(older.subarray(at, place), record);
    at = isAt(older, place, record) ? place + RECORD : place;
  }
  return Buffer.concat([...parts, older.subarray(at)]);
}

/** Without the oldest, where there are too many. */
function latestOf(packed: Buffer): Buffer {
  const size = packed.length / RECORD;
  if (size <= REMEMBERED_COMMANDS) return packed;
  const firsts = Uint32Array.from({ length: size }, (_, n) => packed.readUInt32BE(n * RECORD + AT_FIRST));
  const since = firsts.toSorted()[size - REMEMBERED_COMMANDS] ?? 0;
  const kept: Buffer[] = [];
  for (let n = 0; n < size; n++)
    if ((firsts[n] ?? 0) >= since) kept.push(packed.subarray(n * RECORD, (n + 1) * RECORD));
  return Buffer.concat(kept);
}

function traceOf(record: Buffer): CommandTrace {
  const first = record.readUInt32BE(AT_FIRST);
  const last = first + record.readUInt16BE(AT_MORE);
  const digest = record.toString("base64url", AT_HASH);
  const kind = record.readUInt8(AT_KIND);
  return { first, last, hash: kind === NONE ? undefined : kind === KEYED ? `k.${digest}` : digest };
}
