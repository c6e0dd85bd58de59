import { type Log, type RecordView } from "../storage/log";
import { record } from "../storage/record";
import { type PositionRun, type StreamDelta, type StreamIndex } from "../storage/stream-index";
import {
  isMetadataStream,
  METADATA_OF_METADATA,
  metadataStreamOf,
  NO_METADATA,
  parseStreamMetadata,
  type StreamMetadata,
} from "./stream-metadata";

/** What is known of one stream. `last` counts what has been decided, `visible` what is on disk and may be read. */
export class StreamState {
  id = 0;
  last = -1;
  visible = -1;
  deleted = false;
  /** Positions of events that the index does not hold yet; the first is that of revision `from`. */
  positions: number[] = [];
  from = 0;
  dirty = false;
  /** Its changes are on their way into the index. */
  saving = false;
  /** Parsed lazily; undefined means not looked at. */
  metadata: StreamMetadata | undefined;
  /** Bytes of the name. */
  readonly length: number;
  /** Round of the last use, for forgetting. */
  used = 0;

  constructor(readonly name: string) {
    this.length = Buffer.byteLength(name);
  }
}

/** Streams kept in memory although nothing about them is unsaved. */
const KEPT = 20_000;

/**
 * All streams, by name. Recent ones and those with unsaved changes are in memory; the others are looked up in the
 * index. Nothing here waits: looking up reads mapped memory.
 */
export class Streams {
  private readonly known = new Map<string, StreamState>();
  private changed: StreamState[] = [];
  private round = 1;
  private mostKnown = KEPT * 2;
  nextId: number;

  constructor(
    private readonly log: Log,
    private readonly index: StreamIndex,
  ) {
    this.nextId = index.nextStreamId;
  }

  get(name: string): StreamState {
    let state = this.known.get(name);
    if (!state) {
      state = new StreamState(name);
      const head = this.index.lookup(name);
      if (head) {
        state.id = head.id;
        state.last = state.visible = head.last;
        state.deleted = head.deleted;
        state.from = head.last + 1;
      }
      if (this.known.size >= this.mostKnown) this.forget();
      this.known.set(name, state);
    }
    state.used = this.round;
    return state;
  }

  /** A stream is deleted when it has a tombstone; its metadata stream goes with it. */
  isDeleted(state: StreamState): boolean {
    if (state.deleted) return true;
    return isMetadataStream(state.name) && this.get(state.name.slice(2)).deleted;
  }

  /** Takes note of an event written to the log. */
  add(state: StreamState, revision: number, position: number): void {
    if (!state.dirty) {
      state.dirty = true;
      this.changed.push(state);
    }
    if (state.id === 0) state.id = this.nextId++;
    if (state.positions.length === 0) state.from = revision;
    state.positions.push(position);
    state.last = revision;
    if (isMetadataStream(state.name)) {
      const target = this.known.get(state.name.slice(2));
      if (target) target.metadata = undefined;
    }
  }

  /** Takes note of a tombstone, which has no revision of its own in the order of the stream. */
  addTombstone(state: StreamState): void {
    if (!state.dirty) {
      state.dirty = true;
      this.changed.push(state);
    }
    if (state.id === 0) state.id = this.nextId++;
    state.deleted = true;
  }

  /** A stream number seen in the log is taken. */
  sawId(id: number): void {
    if (id >= this.nextId) this.nextId = id + 1;
  }

  metadataOf(state: StreamState): StreamMetadata {
    if (isMetadataStream(state.name)) return METADATA_OF_METADATA;
    state.metadata ??= this.loadMetadata(state.name);
    return state.metadata;
  }

  /** The data of the newest metadata event of a stream. */
  rawMetadata(name: string): Buffer | undefined {
    const metadata = this.get(metadataStreamOf(name));
    if (metadata.last < 0) return undefined;
    const view = this.recordOf(metadata, metadata.last);
    return view && Buffer.from(record.data(view.buffer, view.offset));
  }

  /** The first run of up to `limit` events at or after `revision`. */
  run(state: StreamState, revision: number, limit: number): PositionRun {
    const recent = state.positions.length > 0;
    if (recent && revision >= state.from) {
      const at = revision - state.from;
      return { from: revision, positions: state.positions.slice(at, at + limit) };
    }
    if (state.id === 0) return { from: revision, positions: [] };
    const { from, positions } = this.index.run(state.id, revision, limit);
    if (!recent) return { from, positions };
    if (positions.length === 0) return { from: state.from, positions: state.positions.slice(0, limit) };
    const next = from + positions.length;
    if (positions.length >= limit || next < state.from) return { from, positions };
    const more = state.positions.slice(next - state.from, next - state.from + limit - positions.length);
    return { from, positions: [...positions, ...more] };
  }

  /** Undefined where there is no such event (any more). */
  recordOf(state: StreamState, revision: number): RecordView | undefined {
    const { from, positions } = this.run(state, revision, 1);
    const [position] = positions;
    return from !== revision || !position ? undefined : this.log.find(position);
  }

  /** How many streams have changed since the last save. */
  get unsaved(): number {
    return this.changed.length;
  }

  /** Brings the index up to `checkpoint`, which is the durable end of the log as it is now. */
  async save(checkpoint: number): Promise<void> {
    const states = this.changed;
    this.changed = [];
    const deltas = states.map((state): StreamDelta => {
      state.dirty = false;
      state.saving = true;
      const { id, name, last, deleted, from } = state;
      return { id, name, last, deleted, from, positions: state.positions.slice() };
    });
    try {
      await this.index.save(deltas, checkpoint, this.nextId);
    } catch (error) {
      for (const state of states) {
        state.saving = false;
        if (!state.dirty) this.changed.push(state);
        state.dirty = true;
      }
      throw error;
    }
    states.forEach((state, i) => {
      state.saving = false;
      const saved = (deltas[i] as StreamDelta).positions.length;
      state.positions = state.positions.slice(saved);
      state.from += saved;
    });
  }

  private loadMetadata(name: string): StreamMetadata {
    const data = this.rawMetadata(name);
    return data ? parseStreamMetadata(data) : NO_METADATA;
  }

  /** Drops streams that were not used of late. A state whose positions are being saved still holds them. */
  private forget(): void {
    for (const [name, state] of this.known) {
      const settled = !state.dirty && !state.saving && state.positions.length === 0 && state.last === state.visible;
      if (settled && state.used < this.round) this.known.delete(name);
    }
    this.round++;
    // Where most of them have to stay, looking through them again is not worth it before there are many more.
    this.mostKnown = this.known.size + KEPT + this.known.size / 2;
  }
}
