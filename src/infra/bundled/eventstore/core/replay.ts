import { type Log } from "../storage/log";
import { FLAG, record } from "../storage/record";
import { type Store } from "./store";

/** How much of the log's end is read for the ids of recent events. */
const IDS_BYTES = 32 * 1024 * 1024;

/**
 * Brings the store's memory level with the log at start: events after the index's checkpoint become known, and the ids
 * of recent events too, so that an append repeated across a restart is still recognised.
 */
export function replay(store: Store, from: number): void {
  const { log, streams, writer } = store;
  forEachRecord(log, from, (buffer, offset, position) => {
    const state = streams.get(record.name(buffer, offset));
    streams.sawId(record.streamId(buffer, offset));
    if ((record.flags(buffer, offset) & FLAG.TOMBSTONE) !== 0) {
      state.id = record.streamId(buffer, offset);
      if (!state.deleted) streams.addTombstone(state);
      return;
    }
    const revision = record.revision(buffer, offset);
    // The index may be ahead of its checkpoint for some streams.
    if (revision <= state.last) return;
    state.id = record.streamId(buffer, offset);
    streams.add(state, revision, position);
    state.visible = revision;
  });
  const recent = log.boundary(Math.max(0, log.durable - IDS_BYTES));
  forEachRecord(log, recent, (buffer, offset, position) => {
    if ((record.flags(buffer, offset) & FLAG.TOMBSTONE) !== 0) return;
    const stream = record.name(buffer, offset);
    writer.ids.set(record.idKey(buffer, offset), { stream, revision: record.revision(buffer, offset), position });
  });
}

function forEachRecord(
  log: Log,
  from: number,
  visit: (buffer: Buffer, offset: number, position: number) => void,
): void {
  let at = from;
  for (let slice = log.sliceFrom(at); slice; slice = log.sliceFrom(at)) {
    const { buffer, to } = slice;
    for (let o = slice.from; o < to;) {
      const position = record.position(buffer, o);
      const length = record.length(buffer, o);
      visit(buffer, o, position);
      o += length;
      at = position + length;
    }
  }
}
