import { StreamCursor } from "../core/cursors";
import { METADATA_TYPE, metadataStreamOf } from "../core/stream-metadata";
import { type Store } from "../core/store";
import { newId } from "../core/writer";
import { type RecordView } from "../storage/log";
import { EMPTY } from "../wire/proto-writer";
import { parkedStream } from "./settings";

/** Parked messages are links in a stream of their own; replaying truncates that stream. */
export function parkedCount(store: Store, key: string): number {
  const state = store.streams.get(parkedStream(key));
  const { first, last } = store.visibleRange(state);
  return last < 0 ? 0 : Math.max(0, last - first + 1);
}

/** Hands the events of up to `limit` parked messages over and then takes those off the stream. */
export async function replayParked(
  store: Store,
  key: string,
  limit: number,
  deliver: (view: RecordView) => void,
): Promise<void> {
  const stream = parkedStream(key);
  const state = store.streams.get(stream);
  const { first, last } = store.visibleRange(state);
  const end = Math.min(last, first + limit - 1);
  if (last < 0 || end < first) return;
  const cursor = new StreamCursor(store, stream, first, false);
  while (cursor.revision <= end) {
    const link = cursor.next();
    if (!link) break;
    const target = store.resolve(link);
    if (target) deliver(target);
  }
  await truncate(store, stream, end + 1);
}

/** Sets `$tb`, so that everything before `revision` is gone. */
export function truncate(store: Store, stream: string, revision: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const event = {
      id: newId(),
      type: Buffer.from(METADATA_TYPE),
      isJson: true,
      data: Buffer.from(JSON.stringify({ $tb: revision })),
      metadata: EMPTY,
    };
    store.writer.write({
      action: "internal",
      events: [{ stream: metadataStreamOf(stream), event }],
      done: (outcome) =>
        outcome.kind === "done" ? resolve() : reject(new Error("The parked messages could not be updated.")),
    });
  });
}
