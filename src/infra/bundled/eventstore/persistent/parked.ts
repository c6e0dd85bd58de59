import { StreamCursor } from "../core/cursors";
import { linkEvent, metadataEvent } from "../core/own-events";
import { metadataStreamOf } from "../core/stream-metadata";
import { type Store } from "../core/store";
import { type RecordView } from "../storage/log";
import { FLAG, record } from "../storage/record";
import { type Message } from "./message";
import { parkedStream } from "./settings";

/** Parked messages are links in a stream of their own; replaying truncates that stream. */
export function parkedCount(store: Store, key: string): number {
  const state = store.streams.get(parkedStream(key));
  const { first, last } = store.visibleRange(state);
  return last < 0 ? 0 : Math.max(0, last - first + 1);
}

/** Writes a link to an event into the stream of the parked ones. `done` tells whether that is done with. */
export function park(
  store: Store,
  key: string,
  message: Message,
  reason: string,
  done: (parked: boolean) => void,
): void {
  const view = store.log.find(message.position);
  if (!view) {
    // A scavenge has taken the event.
    done(true);
    return;
  }
  const { buffer, offset } = view;
  const isLink = (record.flags(buffer, offset) & FLAG.LINK) !== 0;
  // A parked link parks what it points to, as it would otherwise be a link to a link.
  const target = isLink
    ? record.data(buffer, offset)
    : `${record.revision(buffer, offset)}@${record.name(buffer, offset)}`;
  const about = { added: new Date().toISOString(), reason, subscriptionEventNumber: message.mark };
  const event = linkEvent(target, Buffer.from(JSON.stringify(about)));
  store.writer.write({
    action: "internal",
    events: [{ stream: parkedStream(key), event }],
    done: (outcome) => done(outcome.kind === "done"),
  });
}

/** Where the link of a parked message lies, and its id. */
export interface LinkPlace {
  readonly position: number;
  readonly id: string;
}

/** Hands the events of up to `limit` parked messages over and then takes those off the stream. */
export async function replayParked(
  store: Store,
  key: string,
  limit: number,
  deliver: (link: LinkPlace, target: RecordView) => void,
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
    const { buffer, offset } = link;
    // Resolving may read the log, which ends the life of the view.
    const place = { position: record.position(buffer, offset), id: record.idKey(buffer, offset) };
    const target = store.resolve(link);
    if (target) deliver(place, target);
  }
  await truncate(store, stream, end + 1);
}

/** Sets `$tb`, so that everything before `revision` is gone. */
export function truncate(store: Store, stream: string, revision: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const event = metadataEvent(Buffer.from(JSON.stringify({ $tb: revision })));
    store.writer.write({
      action: "internal",
      events: [{ stream: metadataStreamOf(stream), event }],
      done: (outcome) =>
        outcome.kind === "done" ? resolve() : reject(new Error("The parked messages could not be updated.")),
    });
  });
}
