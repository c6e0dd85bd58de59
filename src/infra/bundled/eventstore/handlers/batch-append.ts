import { EXPECT } from "../core/decide";
import { type AppendOutcome } from "../core/writer";
import { type NewRecord } from "../storage/record";
import { type Call, framed } from "../transport/call";
import { accessDenied, CODE, GrpcError, invalidArgument } from "../transport/status";
import { ProtoReader } from "../wire/proto-reader";
import { EMPTY, encode, putVarint, varintSize } from "../wire/proto-writer";
import { streamIdentifier } from "./read-responses";
import { putSuccess } from "./append";
import { type Context } from "./context";
import { type AppendTarget, readProposed, readTarget, sizeOf } from "./proposed";

/** A call may have this much undecided; beyond it the client is made to wait. */
const MOST_UNDECIDED = 16 * 1024 * 1024;

interface Batch extends AppendTarget {
  readonly correlation: Buffer;
  readonly events: NewRecord[];
  size: number;
  /** Milliseconds since 1970. */
  deadline: number;
}

/**
 * Streams.BatchAppend: many appends over one call, each under a correlation id, in as many messages as the client
 * likes. Answers that fall due together go out together.
 */
export function batchAppend(context: Context, call: Call): void {
  const open = new Map<string, Batch>();
  let undecided = 0;
  let ended = false;
  let paused = false;
  let frames: Buffer[] = [];
  let running = 0;

  const flush = (): void => {
    const ready = frames;
    frames = [];
    call.write(ready.length === 1 ? (ready[0] as Buffer) : Buffer.concat(ready));
    if (ended && running === 0) call.finish();
  };
  const reply = (message: Buffer): void => {
    if (frames.length === 0) process.nextTick(flush);
    frames.push(framed(message));
  };
  const submit = (batch: Batch): void => {
    const { stream, expected, events, size } = batch;
    if (batch.size > context.maxAppendSize) return reply(errorResponse(batch, tooLarge(context.maxAppendSize)));
    if (batch.deadline < Date.now()) return reply(errorResponse(batch, TIMEOUT));
    running++;
    undecided += size;
    if (undecided > MOST_UNDECIDED && !paused) {
      paused = true;
      call.pause();
    }
    const done = (outcome: AppendOutcome): void => {
      running--;
      undecided -= size;
      if (paused && undecided < MOST_UNDECIDED / 2) {
        paused = false;
        call.resume();
      }
      if (!call.closed) reply(response(batch, outcome));
    };
    context.store.writer.write({ action: "append", stream, expected, events, done });
  };

  call.receive(
    (message) => {
      const { correlation, key, options, events, size, isFinal } = readRequest(message);
      let batch = open.get(key);
      if (options) {
        batch = { ...options, correlation, events: [], size: 0 };
        open.set(key, batch);
      }
      if (!batch) throw invalidArgument("A batch must begin with its options.");
      batch.size += size;
      // Of a batch that is too large only its size matters any more.
      if (batch.size <= context.maxAppendSize) for (const event of events) batch.events.push(event);
      else batch.events.length = 0;
      if (!isFinal) return;
      open.delete(key);
      try {
        context.access.stream(call.caller, batch.stream, "$w");
      } catch (error) {
        if (!(error instanceof GrpcError)) throw error;
        reply(errorResponse(batch, ACCESS_DENIED));
        return;
      }
      submit(batch);
    },
    () => {
      ended = true;
      if (running === 0 && frames.length === 0) call.finish();
    },
  );
}

function readRequest(message: Buffer): {
  correlation: Buffer;
  key: string;
  options: (AppendTarget & { deadline: number }) | undefined;
  events: NewRecord[];
  size: number;
  isFinal: boolean;
} {
  const request = new ProtoReader(message);
  let correlation: Buffer = EMPTY;
  let options: (AppendTarget & { deadline: number }) | undefined;
  const events: NewRecord[] = [];
  let size = 0;
  let isFinal = false;
  while (request.next()) {
    switch (request.field) {
      case 1:
        correlation = request.bytes();
        break;
      case 2: {
        let deadline = Infinity;
        const target = readTarget(request.message(), (reader) => {
          if (reader.field === 6) deadline = readTime(reader.message());
          else if (reader.field === 7) deadline = Date.now() + readTime(reader.message());
          else reader.skip();
        });
        options = { ...target, deadline };
        break;
      }
      case 3: {
        const event = readProposed(request.message());
        size += sizeOf(event);
        events.push(event);
        break;
      }
      case 4:
        isFinal = request.bool();
        break;
      default:
        request.skip();
    }
  }
  return { correlation, key: correlation.latin1Slice(0, correlation.length), options, events, size, isFinal };
}

/** A `Timestamp` or a `Duration`: seconds = 1, nanoseconds = 2. In milliseconds. */
function readTime(reader: ProtoReader): number {
  let time = 0;
  while (reader.next()) {
    if (reader.field === 1) time += reader.int() * 1000;
    else if (reader.field === 2) time += reader.int() / 1e6;
    else reader.skip();
  }
  return time;
}

function response(batch: Batch, outcome: AppendOutcome): Buffer {
  switch (outcome.kind) {
    case "done":
      return outcome.revision < 0 ? slowSuccess(batch, outcome) : success(batch, outcome.revision, outcome.position);
    case "wrong-version":
      return errorResponse(batch, wrongVersion(batch.expected, outcome.actual));
    case "deleted":
      return errorResponse(batch, {
        code: CODE.FAILED_PRECONDITION,
        message: `Event stream '${batch.stream}' is deleted.`,
        type: "StreamDeleted",
        details: encode((w) => w.message(1, streamIdentifier(batch.stream))),
      });
    case "failed":
      return errorResponse(batch, { code: CODE.INTERNAL, message: outcome.message, type: "Unknown", details: EMPTY });
  }
}

/** The answer to nearly every append, so written without detours. */
function success(batch: Batch, revision: number, position: number): Buffer {
  const { correlation } = batch;
  const positionSize = 2 + 2 * varintSize(position);
  const successSize = 1 + varintSize(revision) + 2 + positionSize;
  const size = 1 + varintSize(correlation.length) + correlation.length + 2 + successSize;
  const tail = requestEcho(batch);
  const out = Buffer.allocUnsafe(size + tail.length);
  out[0] = 0x0a;
  let at = putVarint(out, 1, correlation.length);
  correlation.copy(out, at);
  at += correlation.length;
  out[at++] = 0x1a;
  out[at++] = successSize;
  out[at++] = 0x08;
  at = putVarint(out, at, revision);
  out[at++] = 0x1a;
  out[at++] = positionSize;
  out[at++] = 0x08;
  at = putVarint(out, at, position);
  out[at++] = 0x10;
  at = putVarint(out, at, position);
  tail.copy(out, at);
  return out;
}

const slowSuccess = (batch: Batch, outcome: { revision: number; position: number }): Buffer =>
  Buffer.concat([
    encode((w) => w.bytes(1, batch.correlation).message(3, (s) => putSuccess(s, outcome))),
    requestEcho(batch),
  ]);

/** Stream and expectation of the request, which the answer repeats: fields 4 to 8. */
function requestEcho({ stream, expected }: AppendTarget): Buffer {
  const length = Buffer.byteLength(stream);
  const inner = 1 + varintSize(length) + length;
  const out = Buffer.allocUnsafe(1 + varintSize(inner) + inner + 11);
  out[0] = 0x22;
  let at = putVarint(out, 1, inner);
  out[at++] = 0x1a;
  at = putVarint(out, at, length);
  at += out.utf8Write(stream, at, length);
  if (expected >= 0) {
    out[at++] = 0x28;
    at = putVarint(out, at, expected);
  } else {
    out[at++] = expected === EXPECT.NO_STREAM ? 0x32 : expected === EXPECT.ANY ? 0x3a : 0x42;
    out[at++] = 0;
  }
  return out.subarray(0, at);
}

interface ErrorStatus {
  readonly code: number;
  readonly message: string;
  readonly type: string;
  readonly details: Buffer;
}

const TIMEOUT: ErrorStatus = { code: CODE.DEADLINE_EXCEEDED, message: "Timeout", type: "Timeout", details: EMPTY };
const ACCESS_DENIED: ErrorStatus = {
  code: accessDenied().code,
  message: accessDenied().message,
  type: "AccessDenied",
  details: EMPTY,
};

const tooLarge = (limit: number): ErrorStatus => ({
  code: CODE.INVALID_ARGUMENT,
  message: `Maximum Append Size of ${limit} Exceeded.`,
  type: "MaximumAppendSizeExceeded",
  details: encode((w) => w.varint(1, limit)),
});

const wrongVersion = (expected: number, actual: number): ErrorStatus => ({
  code: CODE.FAILED_PRECONDITION,
  message: "Wrong expected version.",
  type: "WrongExpectedVersion",
  details: encode((w) => {
    if (actual < 0) w.message(2);
    else w.varint(1, actual);
    if (expected >= 0) w.varint(3, expected);
    else w.message(expected === EXPECT.ANY ? 4 : expected === EXPECT.STREAM_EXISTS ? 5 : 6);
  }),
});

/** Errors travel as `google.rpc.Status` with the protocol's own message as its detail. */
const errorResponse = (batch: Batch, { code, message, type, details }: ErrorStatus): Buffer =>
  Buffer.concat([
    encode((w) =>
      w.bytes(1, batch.correlation).message(2, (status) =>
        status
          .varint(1, code)
          .string(2, message)
          .message(3, (any) => any.string(1, `type.googleapis.com/event_store.client.${type}`).bytes(2, details)),
      ),
    ),
    requestEcho(batch),
  ]);
