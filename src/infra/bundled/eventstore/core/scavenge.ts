import { setImmediate as nextTurn } from "node:timers/promises";
import { FLAG, record } from "../storage/record";
import { type Store } from "./store";
import { type StreamState } from "./streams";

/**
 * Takes from the log what nobody can read any more, file by file, and answers how many bytes that gave back. The newest
 * event of a stream always stays, because it says where the stream's revisions have got to, and so do tombstones.
 *
 * It begins with the files that are complete when it is called; see `Log.roll`.
 */
export async function scavenge(store: Store, stopped: () => boolean): Promise<number> {
  const { log, streams } = store;
  const last = log.completeChunks;
  // What is taken from the log must not be waiting to get into the index.
  await store.saved();
  let saved = 0;
  for (let chunk = 0; chunk < last && !stopped(); chunk++) {
    /** Streams that lose events, and the revision from which on theirs are kept. */
    const trimmed = new Map<string, number>();
    const bytes = await log.compact(chunk, {
      isGone: (buffer, offset) => {
        const state = streams.get(record.name(buffer, offset));
        const keptFrom = firstKept(store, state, buffer, offset);
        if (keptFrom === undefined) return false;
        trimmed.set(state.name, Math.max(trimmed.get(state.name) ?? 0, keptFrom));
        return true;
      },
      goOn: () => nextTurn(!stopped()),
    });
    if (!bytes) continue;
    saved += bytes;
    const trims = [...trimmed].map(([name, revision]) => ({ id: streams.get(name).id, revision }));
    await store.index.trim(trims.filter(({ id }) => id !== 0));
  }
  return saved;
}

/** For an event that can go: the first revision of its stream that is certainly kept, as far as this event tells. */
function firstKept(store: Store, state: StreamState, buffer: Buffer, offset: number): number | undefined {
  const flags = record.flags(buffer, offset);
  if ((flags & (FLAG.TOMBSTONE | FLAG.INTERNAL)) !== 0) return undefined;
  const revision = record.revision(buffer, offset);
  if (store.streams.isDeleted(state)) return revision + 1;
  // Not yet visible events are in the file being written, which is never touched.
  if (revision >= state.visible) return undefined;
  const { first, oldest } = store.visibleRange(state);
  if (revision < first) return revision + 1;
  if (oldest > 0 && record.created(buffer, offset) < oldest) return revision + 1;
  return undefined;
}
