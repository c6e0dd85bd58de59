import { randomUUID } from "node:crypto";
import { LogCursor, StreamCursor } from "../core/cursors";
import { type RecordView } from "../storage/log";
import { record } from "../storage/record";
import { type Call } from "../transport/call";
import { streamDeleted } from "../transport/status";
import { EventOutbox } from "../wire/event-encoder";
import { type Context } from "./context";
import { type ReadRequest } from "./read-request";
import { CAUGHT_UP, checkpoint, confirmation, FELL_BEHIND } from "./read-responses";
import { addEvent, isVisible, PIECE, TURN } from "./sending";

/** A subscriber that had caught up counts as behind again from this much unread log on. */
const BEHIND = 4 * 1024 * 1024;

/**
 * A catch-up subscription. Catching up and following live are one thing: whenever there may be something new, it reads
 * on from where it stands until the client takes no more or the end is reached.
 */
export function subscribe(context: Context, call: Call, request: ReadRequest): void {
  const outbox = new EventOutbox(request.structuredIds);
  outbox.message(confirmation(randomUUID()));
  const source =
    request.stream === undefined
      ? allSource(context, request, outbox)
      : streamSource(context, request, outbox, request.stream);
  let running = false;
  let live = false;
  const step = (): void => {
    if (call.closed) return;
    try {
      if (live && source.behind() > BEHIND) {
        live = false;
        outbox.message(FELL_BEHIND);
      }
      const atEnd = source.pump();
      if (atEnd && !live) {
        live = true;
        source.caughtUp();
        outbox.message(CAUGHT_UP);
      }
      const goOn = outbox.size === 0 || call.write(outbox.take());
      if (!goOn) call.drained(step);
      else if (atEnd) running = false;
      else setImmediate(step);
    } catch (error) {
      call.fail(error);
    }
  };
  const wake = (): void => {
    if (running) return;
    running = true;
    step();
  };
  call.closing(source.watch(wake));
  wake();
}

interface Source {
  /** Puts what is next into the outbox; true at the end of what there is. */
  pump(): boolean;
  /** Called when the end is reached for the first time, or again after falling behind. */
  caughtUp(): void;
  /** Bytes of log not looked at yet. */
  behind(): number;
  watch(listener: () => void): () => void;
}

function allSource(context: Context, request: ReadRequest, outbox: EventOutbox): Source {
  const { store } = context;
  const { from, filter, resolveLinks } = request;
  const { log } = store;
  // A subscription begins after the given position.
  const start = from === "start" ? 0 : from === "end" ? log.durable : log.after(from);
  const cursor = new LogCursor(store, start, false);
  const view: RecordView = { buffer: Buffer.alloc(0), offset: 0 };
  const accepts = filter?.accepts;
  const interval = filter ? filter.window * filter.multiplier : Infinity;
  let sinceCheckpoint = 0;
  let last = 0;
  return {
    pump() {
      let fresh = true;
      for (let turn = 0; turn < TURN && outbox.size < PIECE; turn++) {
        if (!cursor.next(view, fresh)) return true;
        fresh = false;
        if (!isVisible(view)) continue;
        const { buffer, offset } = view;
        if (filter) last = record.position(buffer, offset);
        if (!accepts || accepts(buffer, offset)) addEvent(context, outbox, view, resolveLinks);
        if (++sinceCheckpoint >= interval) {
          sinceCheckpoint = 0;
          outbox.message(checkpoint(last));
        }
      }
      return false;
    },
    caughtUp() {
      if (!filter || sinceCheckpoint === 0) return;
      sinceCheckpoint = 0;
      outbox.message(checkpoint(last));
    },
    behind: () => log.durable - cursor.position,
    watch: (listener) => store.hub.onAll(listener),
  };
}

function streamSource(context: Context, request: ReadRequest, outbox: EventOutbox, name: string): Source {
  const { store } = context;
  const { from, resolveLinks } = request;
  const { streams } = store;
  if (streams.isDeleted(streams.get(name))) throw streamDeleted(name);
  const start = from === "start" ? 0 : from === "end" ? streams.get(name).visible + 1 : from + 1;
  const cursor = new StreamCursor(store, name, start, false);
  return {
    pump() {
      for (let turn = 0; turn < TURN && outbox.size < PIECE; turn++) {
        const view = cursor.next();
        if (!view) {
          if (streams.isDeleted(streams.get(name))) throw streamDeleted(name);
          return true;
        }
        addEvent(context, outbox, view, resolveLinks);
      }
      return false;
    },
    caughtUp: () => undefined,
    behind: () => 0,
    watch: (listener) => store.hub.onStream(name, listener),
  };
}
