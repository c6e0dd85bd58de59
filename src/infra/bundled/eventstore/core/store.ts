import { type Log, type RecordView } from "../storage/log";
import { record } from "../storage/record";
import { type StreamIndex } from "../storage/stream-index";
import { Hub } from "./hub";
import { type StreamMetadata } from "./stream-metadata";
import { Streams, type StreamState } from "./streams";
import { Writer } from "./writer";

/** Events that may be unsaved in the index, which bounds what a start has to replay. */
const SAVE_AFTER_BYTES = 16 * 1024 * 1024;
const SAVE_EVERY = 2000;

/** Log, index, streams, writer and hub as one thing: what the handlers work on. */
export class Store {
  readonly streams: Streams;
  readonly writer: Writer;
  readonly hub: Hub;
  private saving: Promise<void> | undefined;
  private savedAt: number;
  /** A save waits for the writer to be between two groups. */
  private wanted = false;
  private readonly timer: NodeJS.Timeout;

  constructor(
    readonly log: Log,
    readonly index: StreamIndex,
    private readonly keepsOnDisk: boolean,
    private readonly report: (line: string) => void,
  ) {
    this.streams = new Streams(log, index);
    this.hub = new Hub();
    this.savedAt = index.checkpoint;
    this.writer = new Writer(log, this.streams, (touched) => this.published(touched), report);
    this.timer = setInterval(() => this.save(), SAVE_EVERY).unref();
  }

  /** The event a link (`$>`) names, unless it is gone or never was. */
  resolve(link: RecordView): RecordView | undefined {
    const target = record.data(link.buffer, link.offset).toString("utf8");
    const at = target.indexOf("@");
    const revision = Number(target.slice(0, at));
    if (at <= 0 || !Number.isSafeInteger(revision) || revision < 0) return undefined;
    const state = this.streams.get(target.slice(at + 1));
    if (revision > state.visible || this.streams.isDeleted(state)) return undefined;
    const range = this.visibleRange(state);
    if (revision < range.first) return undefined;
    const view = this.streams.recordOf(state, revision);
    return view && !isExpired(view, range.oldest) ? view : undefined;
  }

  /** What of a stream may be read: revisions from `first` to `last`, none written before `oldest`. */
  visibleRange(state: StreamState): { first: number; last: number; oldest: number } {
    const metadata: StreamMetadata = this.streams.metadataOf(state);
    const last = state.visible;
    let first = metadata.truncateBefore ?? 0;
    if (metadata.maxCount !== undefined) first = Math.max(first, last - metadata.maxCount + 1);
    const oldest = metadata.maxAge === undefined ? 0 : Date.now() - metadata.maxAge * 1000;
    return { first, last, oldest };
  }

  /** Brings the index up to the log; also called when the server stops. */
  save(): void {
    if (!this.keepsOnDisk || this.saving || this.streams.unsaved === 0) return;
    this.wanted = !this.writer.settled;
    if (this.wanted) return;
    const checkpoint = this.log.durable;
    this.savedAt = checkpoint;
    this.saving = this.streams
      .save(checkpoint)
      .catch((error: unknown) => this.report(`Saving the index failed and is tried again: ${String(error)}`))
      .finally(() => (this.saving = undefined));
  }

  /** Brings the index up to a position while the log is replayed. */
  async saveUpTo(position: number): Promise<void> {
    if (!this.keepsOnDisk) return;
    await this.streams.save(position);
    this.savedAt = position;
  }

  /** Resolves when the index holds everything that was durable when this was called. */
  async saved(): Promise<void> {
    const target = this.log.durable;
    while (this.keepsOnDisk && this.index.checkpoint < target && this.streams.unsaved > 0) {
      this.save();
      await (this.saving ?? new Promise((resolve) => setImmediate(resolve)));
    }
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    while (!this.writer.idle) await new Promise((resolve) => setImmediate(resolve));
    await this.saving;
    this.save();
    await this.saving;
    await this.index.close();
    this.log.close();
  }

  private published(touched: Iterable<StreamState>): void {
    if (this.wanted || this.log.durable - this.savedAt > SAVE_AFTER_BYTES) this.save();
    this.hub.publish(touched);
  }
}

export const isExpired = (view: RecordView, oldest: number): boolean =>
  oldest > 0 && record.created(view.buffer, view.offset) < oldest;
