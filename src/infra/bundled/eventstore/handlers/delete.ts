import { EXPECT } from "../core/decide";
import { type AppendOutcome, type WriteRequest } from "../core/writer";
import { type Call } from "../transport/call";
import { CODE, GrpcError, invalidArgument, streamDeleted, wrongExpectedVersion } from "../transport/status";
import { ProtoReader } from "../wire/proto-reader";
import { encode } from "../wire/proto-writer";
import { type Context } from "./context";
import { readTarget } from "./proposed";

/** Streams.Delete (the stream can be written to again) and Streams.Tombstone (it never can). */
export const deleteStream =
  (context: Context, action: "delete" | "tombstone") =>
  async (message: Buffer, call: Call): Promise<Buffer> => {
    const request = new ProtoReader(message);
    if (!request.next() || request.field !== 1) throw invalidArgument("The request names no stream.");
    const { stream, expected } = readTarget(request.message());
    context.access.stream(call.caller, stream, "$d");
    // The real node knows no such expectation here.
    if (expected === EXPECT.STREAM_EXISTS)
      throw new GrpcError(CODE.UNKNOWN, "A delete cannot expect that the stream exists.");
    const outcome = await write(context, { action, stream, expected, events: [] });
    switch (outcome.kind) {
      case "done":
        return encode((w) => w.message(1, (p) => p.varint(1, outcome.position).varint(2, outcome.position)));
      case "wrong-version":
        throw wrongExpectedVersion(stream, expected, outcome.actual);
      case "deleted":
        throw streamDeleted(stream);
      case "failed":
        throw new GrpcError(CODE.INTERNAL, outcome.message);
    }
  };

export const write = (context: Context, request: Omit<WriteRequest, "done">): Promise<AppendOutcome> =>
  new Promise((resolve) => context.store.writer.write({ ...request, done: resolve }));
