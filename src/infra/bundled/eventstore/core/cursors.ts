import { type LogSlice, type RecordView } from "../storage/log";
import { record, TRAILER } from "../storage/record";
import { isExpired, type Store } from "./store";

const PAGE = 128;

/**
 * Walks one stream in either direction, page by page. It looks the stream up anew for each page, so it always knows
 * what is visible now.
 */
export class StreamCursor {
  private positions: readonly number[] = [];
  private index = 0;
  private oldest = 0;

  /** @param revision the next revision to look at. */
  constructor(
    private readonly store: Store,
    private readonly name: string,
    public revision: number,
    private readonly backwards: boolean,
  ) {}

  /** The next event; undefined at the end (of what there is now). */
  next(): RecordView | undefined {
    for (;;) {
      if (this.index >= this.positions.length && !this.fetch()) return undefined;
      const index = this.index++;
      const position = this.positions[this.backwards ? this.positions.length - 1 - index : index];
      this.revision += this.backwards ? -1 : 1;
      const view = position ? this.store.log.find(position) : undefined;
      if (view && !isExpired(view, this.oldest)) return view;
    }
  }

  private fetch(): boolean {
    const { streams } = this.store;
    const state = streams.get(this.name);
    const range = this.store.visibleRange(state);
    this.oldest = range.oldest;
    this.index = 0;
    this.positions = [];
    if (this.backwards) {
      if (this.revision > range.last) this.revision = range.last;
      if (this.revision < range.first || this.revision < 0) return false;
      const first = Math.max(range.first, this.revision - PAGE + 1);
      const run = streams.run(state, first, this.revision - first + 1);
      // Where events before are missing, the run begins later and may hold more than was to be read.
      this.positions = run.positions.slice(0, Math.max(0, this.revision - run.from + 1));
      this.revision = Math.min(this.revision, run.from + this.positions.length - 1);
    } else {
      if (this.revision < range.first) this.revision = range.first;
      if (this.revision > range.last) return false;
      const run = streams.run(state, this.revision, Math.min(PAGE, range.last - this.revision + 1));
      this.positions = run.positions.slice(0, Math.max(0, range.last - run.from + 1));
      if (this.positions.length > 0) this.revision = run.from;
    }
    return this.positions.length > 0;
  }
}

/** Walks the whole log in either direction. `position` is where it goes on: forwards from it, backwards before it. */
export class LogCursor {
  private slice: LogSlice | undefined;
  private at = 0;

  constructor(
    private readonly store: Store,
    public position: number,
    private readonly backwards: boolean,
  ) {}

  /**
   * The next record, in a view that this cursor reuses. Must be asked again with `fresh` after giving way to others,
   * because a slice is only good until somebody else reads the log.
   */
  next(view: RecordView, fresh: boolean): boolean {
    if (fresh) this.slice = undefined;
    return this.backwards ? this.previous(view) : this.following(view);
  }

  private following(view: RecordView): boolean {
    let slice = this.slice;
    if (!slice || this.at >= slice.to) {
      slice = this.slice = this.store.log.sliceFrom(this.position);
      if (!slice) return false;
      this.at = slice.from;
    }
    view.buffer = slice.buffer;
    view.offset = this.at;
    const length = slice.buffer.readUInt32LE(this.at);
    this.position = record.position(slice.buffer, this.at) + length;
    this.at += length;
    return true;
  }

  private previous(view: RecordView): boolean {
    let slice = this.slice;
    for (let attempt = 0; ; attempt++) {
      // A slice may begin in the middle of a record.
      if (slice && this.at - slice.from > TRAILER) {
        const length = slice.buffer.readUInt32LE(this.at - 4);
        if (length <= this.at - slice.from) {
          this.at -= length;
          view.buffer = slice.buffer;
          view.offset = this.at;
          this.position = record.position(slice.buffer, this.at);
          return true;
        }
      }
      if (attempt > 0) return false;
      slice = this.slice = this.store.log.sliceBefore(this.position);
      if (!slice) return false;
      this.at = slice.to;
    }
  }
}
