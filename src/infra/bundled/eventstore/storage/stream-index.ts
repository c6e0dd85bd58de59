/** Where a stream stands. */
export interface StreamHead {
  readonly id: number;
  /** Revision of its last event, -1 for none. */
  readonly last: number;
  readonly deleted: boolean;
}

/** What has happened to one stream since the index was last brought up to date. */
export interface StreamDelta extends StreamHead {
  readonly name: string;
  /** Revision of the first of `positions`; they follow one another without a gap. */
  readonly from: number;
  readonly positions: readonly number[];
}

/**
 * Finds events by stream and revision, as far as `checkpoint`. What lies after that position in the log is known to
 * the store in memory and replayed from the log at the next start.
 */
export interface StreamIndex {
  readonly checkpoint: number;
  readonly nextStreamId: number;
  lookup(name: string): StreamHead | undefined;
  /** Positions from `revision` on, in order, at most `limit`; fewer or none at the end of what is indexed. */
  positions(streamId: number, revision: number, limit: number): number[];
  /** Takes in changes; a head and its positions become durable together, `checkpoint` last of all. */
  save(deltas: readonly StreamDelta[], checkpoint: number, nextStreamId: number): Promise<void>;
  close(): Promise<void>;
}

/** The index of a server that keeps everything in memory: the store itself never forgets. */
export class NoIndex implements StreamIndex {
  readonly checkpoint = 0;
  readonly nextStreamId = 1;
  lookup(): undefined {
    return undefined;
  }
  positions(): number[] {
    return [];
  }
  save(): Promise<void> {
    return Promise.resolve();
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}
