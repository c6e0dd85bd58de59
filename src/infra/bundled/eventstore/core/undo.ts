import { type CommittedIds } from "./committed-ids";
import { isMetadataStream, type StreamMetadata } from "./stream-metadata";
import { type Streams, type StreamState } from "./streams";

interface Before {
  readonly id: number;
  readonly last: number;
  readonly deleted: boolean;
  readonly positions: number;
  readonly metadata: StreamMetadata | undefined;
}

/** What a group of writes changes in memory, so that all of it can be taken back should the disk not take it. */
export class Undo {
  private readonly before = new Map<StreamState, Before>();
  private readonly ids: Buffer[] = [];

  /** Streams that were changed. */
  get streams(): Iterable<StreamState> {
    return this.before.keys();
  }

  get size(): number {
    return this.before.size;
  }

  /** To be called before a stream is changed. */
  remember(state: StreamState): void {
    if (this.before.has(state)) return;
    const { id, last, deleted, metadata, positions } = state;
    this.before.set(state, { id, last, deleted, positions: positions.length, metadata });
  }

  rememberId(id: Buffer): void {
    this.ids.push(id);
  }

  apply(streams: Streams, ids: CommittedIds): void {
    for (const [state, { id, last, deleted, positions, metadata }] of this.before) {
      state.id = id;
      state.last = last;
      state.deleted = deleted;
      state.positions.length = positions;
      state.metadata = metadata;
      if (isMetadataStream(state.name)) streams.get(state.name.slice(2)).metadata = undefined;
    }
    for (const id of this.ids) ids.delete(id);
  }
}
