import { type RecordView } from "../storage/log";
import { FLAG, record } from "../storage/record";
import { type EventOutbox } from "../wire/event-encoder";
import { type Context } from "./context";

/** Written in one piece. */
export const PIECE = 64 * 1024;
/** Records looked at before others get their turn. */
export const TURN = 2000;

/** The server's own book-keeping records are not events. */
export const isVisible = (view: RecordView): boolean =>
  ((view.buffer[view.offset + 15] as number) & FLAG.INTERNAL) === 0;

/** Puts an event into the outbox, following a link where the reader asked for it. */
export function addEvent(
  context: Context,
  outbox: EventOutbox,
  view: RecordView,
  resolveLinks: boolean,
  retryCount?: number,
): void {
  const isLink = resolveLinks && (record.flags(view.buffer, view.offset) & FLAG.LINK) !== 0;
  if (!isLink && retryCount === undefined) {
    outbox.event(view.buffer, view.offset);
    return;
  }
  const retries = retryCount === undefined ? {} : { retryCount };
  if (!isLink) {
    outbox.resolved({ event: view, link: undefined, ...retries });
    return;
  }
  // Following the link reads the log, which ends the life of the view.
  const length = record.length(view.buffer, view.offset);
  const link = { buffer: Buffer.from(view.buffer.subarray(view.offset, view.offset + length)), offset: 0 };
  outbox.resolved({ event: context.store.resolve(link), link, ...retries });
}
