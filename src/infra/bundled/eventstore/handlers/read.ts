import { LogCursor, StreamCursor } from "../core/cursors";
import { SOFT_DELETED } from "../core/stream-metadata";
import { type RecordView } from "../storage/log";
import { type Call } from "../transport/call";
import { invalidArgument, streamDeleted } from "../transport/status";
import { EventOutbox } from "../wire/event-encoder";
import { type Context } from "./context";
import { type ReadRequest, readReadRequest } from "./read-request";
import { firstStreamPosition, lastAllPosition, lastStreamPosition, streamNotFound } from "./read-responses";
import { addEvent, isVisible, PIECE, TURN } from "./sending";
import { subscribe } from "./subscribe";

/** Streams.Read: reading a stream or `$all` in either direction, and subscribing to them. */
export function read(context: Context, call: Call): void {
  let started = false;
  call.receive(
    (message) => {
      if (started) return;
      started = true;
      const request = readReadRequest(message);
      context.access.stream(call.caller, request.stream ?? "$all", "$r");
      if (request.count === undefined) subscribe(context, call, request);
      else if (request.count === 0) throw invalidArgument("The count of a read must be greater than 0.");
      else if (request.stream === undefined) readAll(context, call, request);
      else readStream(context, call, request, request.stream);
    },
    () => {
      if (!started) call.fail(invalidArgument("The request is empty."));
    },
  );
}

function readStream(context: Context, call: Call, request: ReadRequest, name: string): void {
  const { store } = context;
  const { from, backwards } = request;
  if (from === "end" && !backwards) throw invalidArgument("A stream cannot be read forwards from its end.");
  const state = store.streams.get(name);
  if (store.streams.isDeleted(state)) throw streamDeleted(name);
  const outbox = new EventOutbox(request.structuredIds);
  if (state.visible < 0 || store.streams.metadataOf(state).truncateBefore === SOFT_DELETED) {
    outbox.message(streamNotFound(name));
    call.write(outbox.take());
    call.finish();
    return;
  }
  const revision = from === "start" ? 0 : from === "end" ? state.visible : from;
  const cursor = new StreamCursor(store, name, revision, backwards);
  deliver(
    context,
    call,
    request,
    outbox,
    () => cursor.next(),
    () => {
      if (request.compatibility < 1) return;
      const range = store.visibleRange(store.streams.get(name));
      outbox.message(firstStreamPosition(Math.max(0, range.first)));
      outbox.message(lastStreamPosition(range.last));
    },
  );
}

function readAll(context: Context, call: Call, request: ReadRequest): void {
  const { log } = context.store;
  const { from, backwards } = request;
  const start = from === "start" ? 0 : from === "end" ? log.durable : from;
  const cursor = new LogCursor(context.store, log.boundary(start), backwards);
  const view: RecordView = { buffer: Buffer.alloc(0), offset: 0 };
  const accepts = request.filter?.accepts;
  const outbox = new EventOutbox(request.structuredIds);
  let looked = 0;
  const next = (fresh: boolean): RecordView | undefined | "later" => {
    while (cursor.next(view, fresh)) {
      fresh = false;
      if (isVisible(view) && (!accepts || accepts(view.buffer, view.offset))) return view;
      if (++looked % TURN === 0) return "later";
    }
    return undefined;
  };
  deliver(context, call, request, outbox, next, () => {
    if (request.compatibility >= 1) outbox.message(lastAllPosition(log.durable));
  });
}

/** Sends what `next` finds, in pieces, no faster than the client takes it, and gives others their turn in between. */
function deliver(
  context: Context,
  call: Call,
  request: ReadRequest,
  outbox: EventOutbox,
  next: (fresh: boolean) => RecordView | undefined | "later",
  atEnd: () => void,
): void {
  let left = request.count ?? 0;
  const step = (): void => {
    if (call.closed) return;
    try {
      let ended = left === 0;
      let fresh = true;
      for (let turn = 0; !ended && turn < TURN && outbox.size < PIECE; turn++) {
        const view = next(fresh);
        fresh = false;
        if (view === "later") break;
        if (view) {
          addEvent(context, outbox, view, request.resolveLinks);
          left--;
        }
        ended = !view || left === 0;
      }
      if (ended) atEnd();
      const goOn = outbox.size === 0 || call.write(outbox.take());
      if (ended) call.finish();
      else if (goOn) setImmediate(step);
      else call.drained(step);
    } catch (error) {
      call.fail(error);
    }
  };
  step();
}
