import { LogCursor } from "../core/cursors";
import { type InternalEvent, metadataEvent, newId } from "../core/own-events";
import { metadataStreamOf } from "../core/stream-metadata";
import { type Store } from "../core/store";
import { type RecordView } from "../storage/log";
import { FLAG, record } from "../storage/record";
import { EMPTY } from "../wire/proto-writer";
import { derive, type Derived, sourceOf } from "./links";

/** Events looked at before others get their turn, and written in one go. */
const BATCH = 256;
const BATCH_SIZE = 1024 * 1024;
/** In characters, each of which may take three bytes: what is longer than a stream's name may be gets no stream. */
const LONGEST_NAME = 20_000;
const TYPES = { "$>": Buffer.from("$>"), "$@": Buffer.from("$@") } as const;
/** Everybody may read these streams, which would otherwise be for administrators, as all whose name begins with `$`. */
const READABLE = Buffer.from('{"$acl":{"$r":"$all","$mr":"$all"}}');

/**
 * Keeps the streams of the standard projections: follows the log and writes links, a batch of them in one indivisible
 * append. Where it got to is not kept anywhere else: the last link in the log names the event it came from.
 */
export class Projector {
  private readonly view: RecordView = { buffer: EMPTY, offset: 0 };
  private cursor: LogCursor | undefined;
  private running = false;
  private stopped = false;
  private readonly unwatch: () => void;

  constructor(
    private readonly store: Store,
    private readonly report: (line: string) => void,
  ) {
    this.unwatch = store.hub.onAll(() => this.wake());
    this.running = true;
    setImmediate(() => this.findStart(new LogCursor(store, store.log.durable, true)));
  }

  stop(): void {
    this.stopped = true;
    this.unwatch();
  }

  /** Walks back to the last link. */
  private findStart(back: LogCursor): void {
    if (this.stopped) return;
    for (let turn = 0; turn < BATCH * 8; turn++) {
      if (!back.next(this.view, turn === 0)) return this.follow(0);
      const source = sourceOf(this.view.buffer, this.view.offset);
      if (source !== undefined) return this.follow(this.store.log.after(source));
    }
    setImmediate(() => this.findStart(back));
  }

  private follow(from: number): void {
    this.cursor = new LogCursor(this.store, this.store.log.boundary(from), false);
    this.step(this.cursor);
  }

  private wake(): void {
    if (this.running || this.stopped || !this.cursor) return;
    this.running = true;
    const { cursor } = this;
    setImmediate(() => this.step(cursor));
  }

  private step(cursor: LogCursor): void {
    if (this.stopped) return;
    const from = cursor.position;
    const derived: Derived[] = [];
    let more = true;
    let size = 0;
    for (let turn = 0; turn < BATCH && size < BATCH_SIZE; turn++) {
      more = cursor.next(this.view, turn === 0);
      if (!more) break;
      const { buffer, offset } = this.view;
      if ((record.flags(buffer, offset) & FLAG.INTERNAL) !== 0) continue;
      for (const event of derive(buffer, offset)) {
        if (event.stream.length > LONGEST_NAME) continue;
        derived.push(event);
        size += event.stream.length + event.data.length + event.metadata.length;
      }
    }
    if (derived.length === 0) {
      if (more) setImmediate(() => this.step(cursor));
      else this.running = false;
      return;
    }
    this.store.writer.write({
      action: "internal",
      events: this.events(derived),
      done: (outcome) => {
        if (outcome.kind === "done") this.step(cursor);
        else {
          this.report("The streams of the system projections could not be written; trying again.");
          cursor.position = from;
          this.running = false;
          setTimeout(() => this.wake(), 1000).unref();
        }
      },
    });
  }

  private events(derived: readonly Derived[]): InternalEvent[] {
    const begun = new Set<string>();
    return derived.flatMap(({ stream, type, data, metadata }) => {
      const event: InternalEvent = {
        stream,
        event: {
          id: newId(),
          type: TYPES[type],
          isJson: false,
          data: Buffer.from(data),
          metadata: Buffer.from(metadata),
        },
      };
      if (begun.has(stream) || this.store.streams.get(stream).last >= 0) return event;
      begun.add(stream);
      return [{ stream: metadataStreamOf(stream), event: metadataEvent(READABLE) }, event];
    });
  }
}
