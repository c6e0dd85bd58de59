import { EXPECT } from "../core/decide";
import { type AppendOutcome } from "../core/writer";
import { type NewRecord } from "../storage/record";
import { type Call, framed } from "../transport/call";
import { CODE, GrpcError, invalidArgument, maximumAppendSize, streamDeleted } from "../transport/status";
import { ProtoReader } from "../wire/proto-reader";
import { encode, type ProtoWriter } from "../wire/proto-writer";
import { type Context } from "./context";
import { type AppendTarget, readProposed, readTarget, sizeOf } from "./proposed";

/** Streams.Append: options first, then one message per event; decided when the client has sent them all. */
export function append(context: Context, call: Call): void {
  let target: AppendTarget | undefined;
  const events: NewRecord[] = [];
  let size = 0;
  call.receive(
    (message) => {
      const request = new ProtoReader(message);
      while (request.next()) {
        if (request.field === 1) {
          target = readTarget(request.message());
          context.access.stream(call.caller, target.stream, "$w");
        } else if (request.field === 2) {
          const event = readProposed(request.message());
          size += sizeOf(event);
          if (size > context.maxAppendSize) throw maximumAppendSize(context.maxAppendSize);
          events.push(event);
        } else request.skip();
      }
    },
    () => {
      if (!target) {
        call.fail(invalidArgument("The append request names no stream."));
        return;
      }
      const { stream, expected } = target;
      const done = (outcome: AppendOutcome): void => answer(call, stream, expected, outcome);
      context.store.writer.write({ action: "append", stream, expected, events, done });
    },
  );
}

function answer(call: Call, stream: string, expected: number, outcome: AppendOutcome): void {
  switch (outcome.kind) {
    case "done":
      call.write(framed(encode((w) => w.message(1, (success) => putSuccess(success, outcome)))));
      call.finish();
      return;
    case "wrong-version":
      call.write(framed(encode((w) => w.message(2, (wrong) => putWrongVersion(wrong, expected, outcome.actual)))));
      call.finish();
      return;
    case "deleted":
      call.fail(streamDeleted(stream));
      return;
    case "failed":
      call.fail(new GrpcError(CODE.INTERNAL, outcome.message));
  }
}

/** `Success` of `AppendResp` and `BatchAppendResp`. */
export function putSuccess(w: ProtoWriter, outcome: { revision: number; position: number }): void {
  if (outcome.revision < 0) w.message(2);
  else w.varint(1, outcome.revision);
  w.message(3, (p) => p.varint(1, outcome.position).varint(2, outcome.position));
}

/** Carries the same twice, as the real node does: fields 1-5 for clients of version 20.6.0. */
function putWrongVersion(w: ProtoWriter, expected: number, actual: number): void {
  if (actual < 0) w.message(2).message(7);
  else w.varint(1, actual).varint(6, actual);
  if (expected >= 0) w.varint(3, expected).varint(8, expected);
  else if (expected === EXPECT.ANY) w.message(4).message(9);
  else if (expected === EXPECT.STREAM_EXISTS) w.message(5).message(10);
  else w.message(11);
}
