import { type Log } from "../storage/log";
import { CHUNK_SIZE } from "../storage/chunk-files";
import { FLAG, record } from "../storage/record";
import { LogCursor } from "./cursors";
import { type Store } from "./store";
import { type StreamState } from "./streams";

/** Below this a save at the start is not worth its time. */
const SAVE_FROM = CHUNK_SIZE;

/**
 * Brings the store's memory level with the log at start: events after the index's checkpoint become known, and the ids
 * of recent events too, so that an append repeated across a restart is still recognised. A long stretch is saved to the
 * index chunk by chunk, so that an index that was lost is made anew in little memory.
 */
export async function replay(store: Store, from: number): Promise<void> {
  const { log } = store;
  let at = from;
  while (at < log.durable) {
    const end = Math.min((Math.floor(at / CHUNK_SIZE) + 1) * CHUNK_SIZE, log.durable);
    forEachRecord(log, at, end, (buffer, offset, position) => takeNote(store, buffer, offset, position));
    if (end - from > SAVE_FROM) await store.saveUpTo(end);
    at = end;
  }
  rememberIds(store);
}

function takeNote({ streams }: Store, buffer: Buffer, offset: number, position: number): void {
  const state = streams.get(record.name(buffer, offset));
  const id = record.streamId(buffer, offset);
  streams.sawId(id);
  if ((record.flags(buffer, offset) & FLAG.TOMBSTONE) !== 0) {
    state.id = id;
    if (!state.deleted) streams.addTombstone(state);
    return;
  }
  const revision = record.revision(buffer, offset);
  // The index may be ahead of its checkpoint for some streams.
  if (revision <= state.last) return;
  state.id = id;
  fillGap(state, revision);
  streams.add(state, revision, position);
  state.visible = revision;
}

/** Events between the last known one and this one were scavenged. */
function fillGap(state: StreamState, revision: number): void {
  if (state.positions.length === 0) return;
  for (let missing = state.last + 1; missing < revision; missing++) state.positions.push(0);
}

/** Walks back from the end of the log over as many events as ids are remembered. */
function rememberIds(store: Store): void {
  const { log, writer } = store;
  const { capacity } = writer.ids;
  const found = { ids: Buffer.allocUnsafe(capacity * 16), numbers: new Float64Array(capacity * 3), count: 0 };
  const cursor = new LogCursor(store, log.durable, true);
  const view = { buffer: Buffer.alloc(0), offset: 0 };
  while (found.count < capacity && cursor.next(view, false)) {
    const { buffer, offset } = view;
    // Times in the log never go back, even where the clock does.
    if (found.count === 0) writer.notBefore(record.created(buffer, offset));
    if ((record.flags(buffer, offset) & FLAG.TOMBSTONE) !== 0) continue;
    const n = found.count++;
    buffer.copy(found.ids, n * 16, offset + 40, offset + 56);
    found.numbers.set([record.streamId(buffer, offset), record.revision(buffer, offset), cursor.position], n * 3);
  }
  for (let n = found.count - 1; n >= 0; n--) {
    const [stream, revision, position] = found.numbers.subarray(n * 3, n * 3 + 3) as unknown as number[];
    writer.ids.set(found.ids.subarray(n * 16, n * 16 + 16), stream ?? 0, revision ?? 0, position ?? 0);
  }
}

function forEachRecord(
  log: Log,
  from: number,
  end: number,
  visit: (buffer: Buffer, offset: number, position: number) => void,
): void {
  let at = from;
  while (at < end) {
    const slice = log.sliceFrom(at);
    if (!slice) return;
    const { buffer, to } = slice;
    for (let o = slice.from; o < to;) {
      const position = record.position(buffer, o);
      if (position >= end) return;
      const length = record.length(buffer, o);
      visit(buffer, o, position);
      o += length;
      at = position + length;
    }
  }
}
