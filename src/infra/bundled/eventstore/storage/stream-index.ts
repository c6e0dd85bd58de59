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

/** A stream, and the revision before which its events are gone. */
export interface StreamTrim {
  readonly id: number;
  readonly revision: number;
}

/** Positions of events of one stream whose revisions follow one another; 0 for an event that is no longer there. */
export interface PositionRun {
  /** Revision of the first; the one that was asked for unless events are missing. */
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
  /** The first run of up to `limit` events at or after `revision`; an empty one at the end of what is indexed. */
  run(streamId: number, revision: number, limit: number): PositionRun;
  /** Takes in changes; a head and its positions become durable together, `checkpoint` last of all. */
  save(deltas: readonly StreamDelta[], checkpoint: number, nextStreamId: number): Promise<void>;
  /** Forgets events that a scavenge took. */
  trim(trims: readonly StreamTrim[]): Promise<void>;
  close(): Promise<void>;
}

/** The index of a server that keeps everything in memory: the store itself never forgets. */
export class NoIndex implements StreamIndex {
  readonly checkpoint = 0;
  readonly nextStreamId = 1;
  lookup(): undefined {
    return undefined;
  }
  run(_streamId: number, revision: number): PositionRun {
    return { from: revision, positions: [] };
  }
  trim(): Promise<void> {
    return Promise.resolve();
  }
  save(): Promise<void> {
    return Promise.resolve();
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}
