import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { open, TransactionFlags, type Database, type RootDatabase } from "lmdb";
import { putU48, u48 } from "./record";
import { type PositionRun, type StreamDelta, type StreamHead, type StreamIndex, type StreamTrim } from "./stream-index";

/** LMDB's keys are bounded; a longer name is kept by its digest. */
const LONGEST_KEY = 1500;
/** Milliseconds that saving takes at a time. */
const SLICE = 3;

const CHECKPOINT = Buffer.from("checkpoint");
const NEXT_STREAM = Buffer.from("next-stream");

/**
 * Index on LMDB. `streams`: name -> number, last revision, tombstone flag. `events`: (stream number, revision) -> the
 * positions of a run of events that begins with that revision. A run holds what one stream got between two saves, so
 * saving costs per stream that changed and not per event.
 */
export class LmdbIndex implements StreamIndex {
  checkpoint: number;
  nextStreamId: number;
  private readonly root: RootDatabase<Buffer, Buffer>;
  private readonly streams: Database<Buffer, Buffer>;
  private readonly events: Database<Buffer, Buffer>;

  constructor(path: string, sync: boolean) {
    this.root = open<Buffer, Buffer>({
      path,
      encoding: "binary",
      keyEncoding: "binary",
      noSubdir: true,
      maxDbs: 4,
      noSync: !sync,
      commitDelay: 20,
    });
    const options = { encoding: "binary", keyEncoding: "binary" } as const;
    this.streams = this.root.openDB<Buffer, Buffer>({ name: "streams", ...options });
    this.events = this.root.openDB<Buffer, Buffer>({ name: "events", ...options });
    this.checkpoint = this.number(CHECKPOINT) ?? 0;
    this.nextStreamId = this.number(NEXT_STREAM) ?? 1;
  }

  lookup(name: string): StreamHead | undefined {
    const value = this.streams.getBinary(nameKey(name));
    if (!value) return undefined;
    return { id: u48(value, 0), last: u48(value, 6) - 1, deleted: value[12] === 1 };
  }

  run(streamId: number, revision: number, limit: number): PositionRun {
    const positions: number[] = [];
    let from = revision;
    const start = this.runBefore(streamId, revision);
    const range = this.events.getRange({ start: eventKey(streamId, start), end: eventKey(streamId + 1, 0) });
    for (const { key, value } of range) {
      const first = bigEndian(key, 6);
      if (first > revision) {
        // What is missing in between was scavenged.
        if (positions.length === 0) from = first;
        else if (first > from + positions.length) break;
      }
      for (let i = Math.max(0, from + positions.length - first); i * 6 < value.length; i++) {
        positions.push(u48(value, i * 6));
        if (positions.length >= limit) return { from, positions };
      }
    }
    return { from, positions };
  }

  async save(deltas: readonly StreamDelta[], checkpoint: number, nextStreamId: number): Promise<void> {
    const finish = (): void => {
      this.root.putSync(NEXT_STREAM, numberValue(nextStreamId));
      this.root.putSync(CHECKPOINT, numberValue(checkpoint));
    };
    const put = (delta: StreamDelta): void => {
      if (delta.positions.length > 0) {
        const run = Buffer.allocUnsafe(delta.positions.length * 6);
        delta.positions.forEach((position, i) => putU48(run, i * 6, position));
        this.events.putSync(eventKey(delta.id, delta.from), run);
      }
      const head = Buffer.alloc(13);
      putU48(head, 0, delta.id);
      putU48(head, 6, delta.last + 1);
      head[12] = delta.deleted ? 1 : 0;
      this.streams.putSync(nameKey(delta.name), head);
    };
    await this.inSlices(deltas, put, finish);
    this.checkpoint = checkpoint;
    this.nextStreamId = nextStreamId;
  }

  trim(trims: readonly StreamTrim[]): Promise<void> {
    return this.inSlices(trims, ({ id, revision }) => {
      const range = this.events.getRange({ start: eventKey(id, 0), end: eventKey(id, revision) });
      for (const { key, value } of [...range]) {
        const gone = (revision - bigEndian(key, 6)) * 6;
        if (gone < value.length) this.events.putSync(eventKey(id, revision), Buffer.from(value.subarray(gone)));
        this.events.removeSync(key);
      }
    });
  }

  close(): Promise<void> {
    return this.root.close();
  }

  /**
   * Does something for each item, and `finish` with the last; gives way to others in between, so that it never holds up
   * clients. As few transactions as possible: each waits until the one before is on disk.
   */
  private async inSlices<T>(items: readonly T[], act: (item: T) => void, finish?: () => void): Promise<void> {
    for (let i = 0; i < items.length;) {
      const until = performance.now() + SLICE;
      this.write(() => {
        do act(items[i++] as T);
        while (i < items.length && performance.now() < until);
        if (i >= items.length) finish?.();
      });
      await nextTurn();
    }
  }

  /**
   * A transaction on this thread. Those that LMDB does on a thread of its own leave rejections that nobody can handle
   * when the disk is full. Putting it on disk happens in the background, in the order of the transactions.
   */
  private write(act: () => void): void {
    this.root.transactionSync(act, TransactionFlags.SYNCHRONOUS_COMMIT | TransactionFlags.NO_SYNC_FLUSH);
  }

  /** First revision of the run that holds `revision`; `revision` itself where none does. */
  private runBefore(streamId: number, revision: number): number {
    const range = { start: eventKey(streamId, revision), end: eventKey(streamId, 0), reverse: true, limit: 1 };
    for (const key of this.events.getKeys(range)) return bigEndian(key, 6);
    // The end of a range is not part of it: look at revision 0 by itself.
    if (this.events.doesExist(eventKey(streamId, 0))) return 0;
    return revision;
  }

  private number(key: Buffer): number | undefined {
    const value = this.root.getBinary(key);
    return value && u48(value, 0);
  }
}

const numberValue = (value: number): Buffer => {
  const buffer = Buffer.alloc(6);
  putU48(buffer, 0, value);
  return buffer;
};

function nameKey(name: string): Buffer {
  const key = Buffer.from(name, "utf8");
  if (key.length <= LONGEST_KEY) return key;
  return Buffer.concat([key.subarray(0, 1000), Buffer.of(0), createHash("sha256").update(key).digest()]);
}

/** Big-endian, so that LMDB's order is the order of revisions. */
function eventKey(streamId: number, revision: number): Buffer {
  const key = Buffer.allocUnsafe(12);
  key.writeUIntBE(streamId, 0, 6);
  key.writeUIntBE(revision, 6, 6);
  return key;
}

const bigEndian = (key: Buffer, offset: number): number => Buffer.from(key).readUIntBE(offset, 6);
