import { type NewRecord, record } from "../storage/record";
import { type CommittedIds } from "./committed-ids";
import { SOFT_DELETED } from "./stream-metadata";
import { type Streams, type StreamState } from "./streams";

/** What an append may expect of the stream besides an exact revision. The numbers are the real node's. */
export const EXPECT = { NO_STREAM: -1, ANY: -2, STREAM_EXISTS: -4 } as const;

export type Decision =
  | { readonly kind: "write"; readonly undelete: boolean }
  /** All of it was written before; the answer is the one given then. */
  | { readonly kind: "idempotent"; readonly revision: number; readonly position: number }
  | { readonly kind: "wrong-version" }
  | { readonly kind: "deleted" };

const WRONG: Decision = { kind: "wrong-version" };
const DELETED: Decision = { kind: "deleted" };
const WRITE: Decision = { kind: "write", undelete: false };

/**
 * Whether an append goes ahead. This follows the rules of EventStoreDB's index writer step by step, with their order,
 * because clients depend on them: a repeated append is recognised by its event ids, and only if *all* of it was
 * written before; a part old and a part new is refused.
 */
export function decide(
  streams: Streams,
  ids: CommittedIds,
  state: StreamState,
  expected: number,
  events: readonly NewRecord[],
): Decision {
  if (streams.isDeleted(state)) return DELETED;
  const last = state.last;
  if (expected === EXPECT.STREAM_EXISTS) {
    if (isSoftDeleted(streams, state)) return DELETED;
    // A stream that has only metadata exists.
    if (last < 0 && streams.get(`$$${state.name}`).last < 0) return WRONG;
  }
  if (expected === EXPECT.ANY || expected === EXPECT.STREAM_EXISTS) return decideAny(streams, ids, state, events);
  if (expected > last) return WRONG;
  if (expected === last) return { kind: "write", undelete: isSoftDeleted(streams, state) };
  return decideStale(streams, ids, state, expected, events);
}

function decideAny(streams: Streams, ids: CommittedIds, state: StreamState, events: readonly NewRecord[]): Decision {
  let found: { revision: number; position: number } | undefined;
  let first = true;
  for (const event of events) {
    const known = ids.get(event.id);
    if (!known || known.stream !== state.id) {
      if (!first) return WRONG;
      return isSoftDeleted(streams, state) ? { kind: "write", undelete: true } : WRITE;
    }
    first = false;
    found = known;
  }
  if (!found) return { kind: "write", undelete: isSoftDeleted(streams, state) };
  return { kind: "idempotent", revision: found.revision, position: found.position };
}

/** The named revision has been passed: fine only if these very events followed it. */
function decideStale(
  streams: Streams,
  ids: CommittedIds,
  state: StreamState,
  expected: number,
  events: readonly NewRecord[],
): Decision {
  let revision = expected;
  let position = 0;
  for (const event of events) {
    revision++;
    const known = ids.get(event.id);
    if (known && known.stream === state.id && known.revision === revision) {
      position = known.position;
      continue;
    }
    const view = revision <= state.last ? streams.recordOf(state, revision) : undefined;
    if (view && record.hasId(view.buffer, view.offset, event.id)) {
      position = record.position(view.buffer, view.offset);
      continue;
    }
    const first = revision === expected + 1;
    if (first && expected === EXPECT.NO_STREAM && isSoftDeleted(streams, state))
      return { kind: "write", undelete: true };
    return WRONG;
  }
  return revision === expected ? WRONG : { kind: "idempotent", revision, position };
}

export function isSoftDeleted(streams: Streams, state: StreamState): boolean {
  return streams.metadataOf(state).truncateBefore === SOFT_DELETED;
}
