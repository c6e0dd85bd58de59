import { type Log } from "../storage/log";
import { FLAG, MAX_REVISION, type NewRecord, putRecord, recordBound } from "../storage/record";
import { CommittedIds } from "./committed-ids";
import { decide } from "./decide";
import { type InternalEvent, metadataEvent, newId } from "./own-events";
import { metadataStreamOf, SOFT_DELETED_METADATA, undeletedMetadata } from "./stream-metadata";
import { type Streams, type StreamState } from "./streams";
import { Undo } from "./undo";

export type AppendOutcome =
  /** `revision` is that of the last event, -1 where the stream stays without any. */
  | { readonly kind: "done"; readonly revision: number; readonly position: number }
  | { readonly kind: "wrong-version"; readonly actual: number }
  | { readonly kind: "deleted" }
  | { readonly kind: "failed"; readonly message: string };

export interface WriteRequest {
  readonly action: "append" | "delete" | "tombstone";
  readonly stream: string;
  /** A revision, or one of `EXPECT`. */
  readonly expected: number;
  readonly events: readonly NewRecord[];
  /** Called once, after everything the answer rests on is on disk. */
  readonly done: (outcome: AppendOutcome) => void;
}

interface InternalWrite {
  readonly action: "internal";
  readonly events: readonly InternalEvent[];
  readonly done: (outcome: AppendOutcome) => void;
}

type Job = WriteRequest | InternalWrite;

/** A group is written and put on disk together; beyond this it waits for the next. */
const GROUP_BYTES = 8 * 1024 * 1024;
const COMPLAIN_EVERY = 10_000;
const IDS_KEPT = 64 * 1024;
const NOTHING = Buffer.alloc(0);
const TYPE_TOMBSTONE = Buffer.from("$streamDeleted");

/**
 * The single writer. It takes everything that is queued, decides one request after another against the state that the
 * earlier ones leave, writes all of it in one go, and answers when that is on disk: many clients share one disk flush.
 */
export class Writer {
  readonly ids = new CommittedIds(IDS_KEPT);
  private queue: Job[] = [];
  private busy = false;
  private broken: string | undefined;
  private now = 0;
  private complainedAt = 0;
  /** The group in flight: what to undo should it fail, and whom to answer. */
  private undo = new Undo();
  private answers: (() => void)[] = [];
  private jobs: Job[] = [];

  constructor(
    private readonly log: Log,
    private readonly streams: Streams,
    private readonly published: (touched: Iterable<StreamState>) => void,
    private readonly report: (line: string) => void,
  ) {}

  /** Jobs that wait; for back-pressure. */
  get waiting(): number {
    return this.queue.length;
  }

  /** True between two groups: all that has been decided is durable. */
  get settled(): boolean {
    return this.undo.size === 0;
  }

  get idle(): boolean {
    return !this.busy && this.queue.length === 0;
  }

  /** Events written from now on are at least this young. */
  notBefore(time: number): void {
    this.now = Math.max(this.now, time);
  }

  write(request: Job): void {
    this.queue.push(request);
    if (this.busy) return;
    this.busy = true;
    // After this turn's input has all been read, so that requests that came together are written together.
    setImmediate(() => this.run());
  }

  private run(): void {
    const queue = this.queue;
    if (queue.length === 0) {
      this.busy = false;
      return;
    }
    this.now = Math.max(this.now, Date.now());
    const start = this.log.end;
    let taken = 0;
    while (taken < queue.length && (taken === 0 || this.log.end - start < GROUP_BYTES)) {
      const job = queue[taken++] as Job;
      this.jobs.push(job);
      const outcome = this.broken === undefined ? this.attempt(job) : failed(this.broken);
      this.answers.push(() => job.done(outcome));
    }
    this.queue = taken === queue.length ? [] : queue.slice(taken);
    if (this.log.end === start) this.settle(null, false);
    else this.log.flush(taken === 1, (error, doubtful) => this.settle(error, doubtful));
  }

  private settle(error: Error | null, doubtful: boolean): void {
    const { answers, jobs, undo } = this;
    this.answers = [];
    this.jobs = [];
    this.undo = new Undo();
    if (error) {
      this.takeBack(undo, error, doubtful);
      const outcome = failed(messageOf(error));
      for (const job of jobs) this.answer(() => job.done(outcome));
    } else {
      for (const state of undo.streams) state.visible = state.last;
      for (const answer of answers) this.answer(answer);
      if (undo.size > 0) this.answer(() => this.published(undo.streams));
    }
    this.run();
  }

  /** Whoever is told must not be able to hold up the writer. */
  private answer(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.report(`An answer could not be given: ${String(error)}`);
    }
  }

  private attempt(job: Job): AppendOutcome {
    try {
      switch (job.action) {
        case "append":
          return this.append(job);
        case "delete":
          return this.delete(job);
        case "tombstone":
          return this.tombstone(job);
        case "internal":
          return this.internal(job.events);
      }
    } catch (error) {
      this.report(`An append failed: ${messageOf(error as Error)}`);
      return failed(messageOf(error as Error));
    }
  }

  private append(request: WriteRequest): AppendOutcome {
    const { stream, expected, events } = request;
    const state = this.streams.get(stream);
    const decision = decide(this.streams, this.ids, state, expected, events);
    switch (decision.kind) {
      case "deleted":
        return { kind: "deleted" };
      case "wrong-version":
        return { kind: "wrong-version", actual: state.last };
      case "idempotent":
        return { kind: "done", revision: decision.revision, position: decision.position };
      case "write": {
        if (events.length === 0) return { kind: "done", revision: state.last, position: this.log.end };
        const writes = events.map((event) => ({ state, event }));
        if (decision.undelete) {
          const data = undeletedMetadata(this.streams.rawMetadata(stream) ?? NOTHING, state.last + 1);
          writes.unshift({ state: this.streams.get(metadataStreamOf(stream)), event: metadataEvent(data) });
        }
        const position = this.put(writes, true);
        return { kind: "done", revision: state.last, position };
      }
    }
  }

  private delete(request: WriteRequest): AppendOutcome {
    const state = this.streams.get(request.stream);
    const decision = decide(this.streams, this.ids, state, request.expected, NO_EVENTS);
    if (decision.kind === "deleted") return { kind: "deleted" };
    const metadata = this.streams.get(metadataStreamOf(request.stream));
    if (decision.kind !== "write" || (state.last < 0 && metadata.last < 0)) {
      return { kind: "wrong-version", actual: state.last };
    }
    const position = this.put([{ state: metadata, event: metadataEvent(SOFT_DELETED_METADATA) }], false);
    return { kind: "done", revision: state.last, position };
  }

  private tombstone(request: WriteRequest): AppendOutcome {
    const state = this.streams.get(request.stream);
    const decision = decide(this.streams, this.ids, state, request.expected, NO_EVENTS);
    if (decision.kind === "deleted") return { kind: "deleted" };
    if (decision.kind !== "write") return { kind: "wrong-version", actual: state.last };
    this.undo.remember(state);
    this.streams.addTombstone(state);
    const event = { id: newId(), type: TYPE_TOMBSTONE, isJson: false, data: NOTHING, metadata: NOTHING };
    const { buffer, offset, position } = this.log.reserve(recordBound(event, state.length));
    const end = putRecord(buffer, offset, event, {
      position,
      streamId: state.id,
      revision: 0,
      flags: FLAG.TOMBSTONE | FLAG.END_OF_APPEND,
      created: this.now,
      durable: this.log.durable,
      stream: state.name,
      streamLength: state.length,
    });
    this.log.advance(end);
    return { kind: "done", revision: state.last, position };
  }

  /** Streams of the server's own: no expectation, no ids to recognise, all or nothing. */
  private internal(events: readonly InternalEvent[]): AppendOutcome {
    const writes = events
      .map(({ stream, event }) => ({ state: this.streams.get(stream), event }))
      .filter(({ state }) => !this.streams.isDeleted(state));
    if (writes.length === 0) return { kind: "done", revision: -1, position: this.log.end };
    const position = this.put(writes, false);
    return { kind: "done", revision: (writes.at(-1) as (typeof writes)[number]).state.last, position };
  }

  /**
   * Writes events as one indivisible append; answers the position of the last.
   * @param repeatable whether a client may send them again, so that their ids are to be remembered
   */
  private put(writes: readonly { state: StreamState; event: NewRecord }[], repeatable: boolean): number {
    let bound = 0;
    for (const { state, event } of writes) {
      bound += recordBound(event, state.length);
      if (state.last >= MAX_REVISION) throw new Error(`The stream ${state.name} is full.`);
    }
    const room = this.log.reserve(bound);
    const { buffer } = room;
    let { offset, position } = room;
    const durable = this.log.durable;
    let lastPosition = position;
    for (let i = 0; i < writes.length; i++) {
      const { state, event } = writes[i] as (typeof writes)[number];
      this.undo.remember(state);
      const revision = state.last + 1;
      this.streams.add(state, revision, position);
      if (repeatable) {
        this.ids.set(event.id, state.id, revision, position);
        this.undo.rememberId(event.id);
      }
      const end = putRecord(buffer, offset, event, {
        position,
        streamId: state.id,
        revision,
        flags: i === writes.length - 1 ? FLAG.END_OF_APPEND : 0,
        created: this.now,
        durable,
        stream: state.name,
        streamLength: state.length,
      });
      lastPosition = position;
      position += end - offset;
      offset = end;
    }
    this.log.advance(offset);
    return lastPosition;
  }

  /** The group did not reach the disk: everything is as before it. */
  private takeBack(undo: Undo, error: Error, doubtful: boolean): void {
    undo.apply(this.streams, this.ids);
    try {
      this.log.rollback();
      // After a failed flush the operating system may have dropped what it could not write.
      if (doubtful) this.broken = messageOf(error);
    } catch (second) {
      this.broken = messageOf(second as Error);
    }
    this.complain(messageOf(error));
  }

  /** A full disk would otherwise fill the log of the server with one line per append. */
  private complain(reason: string): void {
    const now = Date.now();
    if (now - this.complainedAt < COMPLAIN_EVERY && this.broken === undefined) return;
    this.complainedAt = now;
    this.report(`Writing to the log failed: ${reason}${this.broken === undefined ? "" : " Restart the server."}`);
  }
}

const NO_EVENTS: readonly NewRecord[] = [];

const failed = (message: string): AppendOutcome => ({ kind: "failed", message });

function messageOf(error: Error): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOSPC" || code === "EDQUOT") return "The disk of the event store is full.";
  if (code === "EFBIG") return "The event store's log cannot grow: the system's limit on the size of files is reached.";
  return error.message;
}
