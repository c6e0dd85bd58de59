import { LogCursor, StreamCursor } from "../core/cursors";
import { type RecordFilter } from "../core/filter";
import { type Store } from "../core/store";
import { type RecordView } from "../storage/log";
import { FLAG, record } from "../storage/record";

/** Records looked at in one go; more of `$all` waits for the next turn. */
const TURN = 2000;

/** What a group reads from. */
export interface GroupSource {
  /** The next event; undefined when there is none now; "later" when there may be but others should have their turn. */
  next(): RecordView | "later" | undefined;
  /** The mark up to which everything has been looked at. */
  readonly seen: number;
  /** Revision or position of the newest event there is. */
  newest(): number;
  markOf(view: RecordView): number;
  watch(listener: () => void): () => void;
}

/** @param next revision of the next event. */
export function streamSource(store: Store, stream: string, next: number): GroupSource {
  const cursor = new StreamCursor(store, stream, next, false);
  return {
    next: () => cursor.next(),
    get seen() {
      return cursor.revision - 1;
    },
    newest: () => store.streams.get(stream).visible,
    markOf: (view) => record.revision(view.buffer, view.offset),
    watch: (listener) => store.hub.onStream(stream, listener),
  };
}

/** @param from position to go on from. System events are for a group only if its filter asks for them. */
export function allSource(store: Store, from: number, accepts: RecordFilter | undefined): GroupSource {
  const cursor = new LogCursor(store, store.log.boundary(from), false);
  const view: RecordView = { buffer: Buffer.alloc(0), offset: 0 };
  let seen = from - 1;
  return {
    next() {
      for (let turn = 0; turn < TURN; turn++) {
        if (!cursor.next(view, turn === 0)) return undefined;
        const { buffer, offset } = view;
        if ((record.flags(buffer, offset) & FLAG.INTERNAL) !== 0) continue;
        seen = record.position(buffer, offset);
        if (accepts ? accepts(buffer, offset) : !isOwn(buffer, offset)) return view;
      }
      return "later";
    },
    get seen() {
      return seen;
    },
    newest: () => store.log.durable,
    markOf: ({ buffer, offset }) => record.position(buffer, offset),
    watch: (listener) => store.hub.onAll(listener),
  };
}

/** A group's own checkpoints and parked messages must not come back to it, or it would never come to rest. */
function isOwn(buffer: Buffer, offset: number): boolean {
  const start = record.nameStart(buffer, offset);
  return (
    buffer[start] === 36 &&
    buffer.latin1Slice(start, start + record.nameLength(buffer, offset)).startsWith("$persistentsubscription-")
  );
}
