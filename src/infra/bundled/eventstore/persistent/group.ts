import { compileFilter } from "../core/filter";
import { type Store } from "../core/store";
import { newId } from "../core/writer";
import { type RecordView } from "../storage/log";
import { FLAG, record } from "../storage/record";
import { groupDropped } from "../transport/status";
import { EMPTY } from "../wire/proto-writer";
import { type Consumer, type Message, type Outstanding } from "./message";
import { parkedCount, replayParked } from "./parked";
import { checkpointStream, type GroupConfig, groupKey, parkedStream } from "./settings";
import { allSource, type GroupSource, streamSource } from "./source";
import { makeStrategy, type Strategy } from "./strategies";

const TICK = 100;
const LATENCIES_KEPT = 1000;
/** Bytes of log. */
const WORTH_SAVING = 16 * 1024 * 1024;
const CHECKPOINT_TYPE = Buffer.from("$SubscriptionCheckpoint");
const LINK_TYPE = Buffer.from("$>");

/**
 * A persistent subscription: hands events to the connected consumers, keeps track of what they have not finished, and
 * writes checkpoints. It reads the log no further than its consumers have room, so it holds little memory.
 */
export class Group {
  readonly key: string;
  readonly consumers: Consumer[] = [];
  readonly outstanding = new Map<string, Outstanding>();
  /** To be delivered again, before anything new. */
  readonly retries: Message[] = [];
  /** Read, but the consumer it is pinned to has no room. */
  private readonly waiting: Message[] = [];
  /** Not finished yet, oldest first, wherever they are; without replayed ones. */
  private readonly unfinished = new Map<number, Message>();
  private readonly source: GroupSource;
  private readonly strategy: Strategy;
  private readonly unwatch: () => void;
  private readonly timer: NodeJS.Timeout;
  private sequence = 0;
  private lastMark: number;
  private saved: { mark: number; sequence: number };
  private savedAt = Date.now();
  private scheduled = false;
  private stopped = false;
  /** For the statistics. */
  total = 0;
  sinceMeasured = 0;
  lastMeasured = Date.now();

  constructor(
    private readonly store: Store,
    readonly config: GroupConfig,
    private readonly report: (line: string) => void,
  ) {
    const { stream, name, settings, filter } = config;
    this.key = groupKey(stream, name);
    const checkpoint = this.loadCheckpoint();
    const first =
      settings.startFrom === "start" ? 0 : settings.startFrom === "end" ? config.endWas : settings.startFrom;
    const from = checkpoint === undefined ? first : checkpoint + 1;
    this.source =
      stream === "$all"
        ? allSource(
            store,
            checkpoint === undefined ? from : store.log.after(checkpoint),
            filter && compileFilter(filter).accepts,
          )
        : streamSource(store, stream, from);
    this.lastMark = from - 1;
    this.saved = { mark: checkpoint ?? -1, sequence: 0 };
    this.strategy = makeStrategy(settings.strategy);
    this.unwatch = this.source.watch(() => this.schedule());
    this.timer = setInterval(() => this.tick(), TICK).unref();
  }

  connect(consumer: Consumer): void {
    this.consumers.push(consumer);
    this.schedule();
  }

  /** What the consumer had and did not finish goes to the others. */
  disconnect(consumer: Consumer): void {
    const index = this.consumers.indexOf(consumer);
    if (index < 0) return;
    this.consumers.splice(index, 1);
    for (const [id, { message, consumer: owner }] of this.outstanding) {
      if (owner !== consumer) continue;
      this.outstanding.delete(id);
      this.retries.push(message);
    }
    this.retries.sort((a, b) => a.sequence - b.sequence);
    this.schedule();
  }

  ack(id: string, consumer: Consumer): void {
    const message = this.release(id, consumer);
    if (message) this.finish(message);
    this.schedule();
  }

  nack(id: string, consumer: Consumer, action: "park" | "retry" | "skip" | "stop", reason: string): void {
    const message = this.release(id, consumer);
    if (message) {
      if (action === "park") this.park(message, reason);
      else if (action === "skip") this.finish(message);
      else this.again(message);
    }
    if (action === "stop") {
      this.disconnect(consumer);
      consumer.drop(groupDropped(this.config.stream, this.config.name));
    }
    this.schedule();
  }

  /** Delivers parked messages again, `limit` of them at most; those are no longer parked. */
  replayParked(limit: number): Promise<void> {
    return replayParked(this.store, this.key, limit, (view) => {
      this.retries.push(this.message(view, true));
      this.schedule();
    });
  }

  get parked(): number {
    return parkedCount(this.store, this.key);
  }

  get waitingCount(): number {
    return this.waiting.length;
  }

  get checkpoint(): number | undefined {
    return this.saved.mark < 0 ? undefined : this.saved.mark;
  }

  newest(): number {
    return this.source.newest();
  }

  /** Ends the group: consumers are dropped for `reason`. Its progress is written down unless it is being deleted. */
  stop(reason: Error, keepProgress: boolean): void {
    if (this.stopped) return;
    this.stopped = true;
    clearInterval(this.timer);
    this.unwatch();
    if (keepProgress) this.saveCheckpoint(true);
    for (const consumer of this.consumers.splice(0)) consumer.drop(reason);
  }

  /** A consumer can take more. */
  wake(): void {
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled || this.stopped || this.consumers.length === 0) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      if (!this.stopped) this.pump();
    });
  }

  private pump(): void {
    try {
      this.offer(this.retries);
      this.offer(this.waiting);
      while (this.retries.length === 0 && this.hasRoomForMore()) {
        const view = this.source.next();
        if (view === "later") return this.schedule();
        if (!view) break;
        const message = this.message(view, false);
        this.unfinished.set(message.sequence, message);
        if (!this.dispatch(message)) this.waiting.push(message);
      }
      if (this.unfinished.size === 0) this.lastMark = Math.max(this.lastMark, this.source.seen);
    } catch (error) {
      this.report(`The persistent subscription ${this.key} stopped: ${(error as Error).message}`);
      this.stop(error as Error, false);
    }
  }

  /** Pinned messages may wait while others go on, within the size of the buffer. */
  private hasRoomForMore(): boolean {
    return (
      this.waiting.length < Math.max(1, this.config.settings.historyBufferSize) &&
      this.consumers.some((consumer) => !consumer.blocked && consumer.inFlight < consumer.bufferSize)
    );
  }

  private offer(messages: Message[]): void {
    for (let i = 0; i < messages.length;) {
      if (this.dispatch(messages[i] as Message)) messages.splice(i, 1);
      else if (this.config.settings.strategy.startsWith("Pinned")) i++;
      else return;
    }
  }

  private dispatch(message: Message): boolean {
    const consumer = this.strategy(message, this.consumers);
    if (!consumer) return false;
    this.outstanding.set(message.id, { message, consumer, sentAt: Date.now() });
    consumer.inFlight++;
    consumer.total++;
    consumer.countSinceMeasured++;
    this.total++;
    this.sinceMeasured++;
    consumer.send(message);
    return true;
  }

  private message(view: RecordView, replayed: boolean): Message {
    const { buffer, offset } = view;
    const before = this.lastMark;
    const mark = replayed ? before : this.source.markOf(view);
    this.lastMark = mark;
    const position = record.position(buffer, offset);
    const id = record.idKey(buffer, offset);
    return { sequence: ++this.sequence, position, mark, before, id, pin: this.pinOf(view), replayed, retries: 0 };
  }

  private pinOf(view: RecordView): string {
    const { strategy } = this.config.settings;
    if (strategy !== "Pinned" && strategy !== "PinnedByCorrelation") return "";
    const isLink = (record.flags(view.buffer, view.offset) & FLAG.LINK) !== 0;
    const target = isLink ? (this.store.resolve(view) ?? view) : view;
    if (strategy === "PinnedByCorrelation") {
      const correlation = correlationOf(record.metadata(target.buffer, target.offset));
      if (correlation !== undefined) return correlation;
    }
    return record.name(target.buffer, target.offset);
  }

  private release(id: string, consumer: Consumer): Message | undefined {
    const found = this.outstanding.get(id);
    if (!found || found.consumer !== consumer) return undefined;
    this.outstanding.delete(id);
    consumer.inFlight--;
    if (this.config.settings.extraStatistics) {
      if (consumer.latencies.length >= LATENCIES_KEPT) consumer.latencies.shift();
      consumer.latencies.push(Date.now() - found.sentAt);
    }
    return found.message;
  }

  private finish(message: Message): void {
    this.unfinished.delete(message.sequence);
    const done = this.done();
    if (done.sequence - this.saved.sequence >= this.config.settings.maxCheckpointCount) this.saveCheckpoint(true);
  }

  private again(message: Message): void {
    message.retries++;
    if (message.retries > this.config.settings.maxRetryCount) this.park(message, "Reached max retries");
    else this.retries.push(message);
  }

  private park(message: Message, reason: string): void {
    const { buffer, offset } = this.store.log.recordAt(message.position);
    const target = `${record.revision(buffer, offset)}@${record.name(buffer, offset)}`;
    const isLink = (record.flags(buffer, offset) & FLAG.LINK) !== 0;
    const event = {
      id: newId(),
      type: LINK_TYPE,
      isJson: false,
      // A parked link parks what it points to, as it would otherwise be a link to a link.
      data: isLink ? Buffer.from(record.data(buffer, offset)) : Buffer.from(target),
      metadata: Buffer.from(
        JSON.stringify({ added: new Date().toISOString(), reason, subscriptionEventNumber: message.mark }),
      ),
    };
    this.store.writer.write({
      action: "internal",
      events: [{ stream: parkedStream(this.key), event }],
      done: (outcome) => {
        if (outcome.kind === "done") this.finish(message);
        else {
          this.retries.push(message);
          this.schedule();
        }
      },
    });
  }

  private tick(): void {
    const now = Date.now();
    const { messageTimeout, checkpointAfter } = this.config.settings;
    if (messageTimeout > 0) {
      for (const [id, { message, consumer, sentAt }] of this.outstanding) {
        if (now - sentAt < messageTimeout) continue;
        this.outstanding.delete(id);
        consumer.inFlight--;
        this.again(message);
      }
      if (this.retries.length > 0) this.schedule();
    }
    if (now - this.savedAt >= checkpointAfter) {
      this.savedAt = now;
      this.saveCheckpoint(false);
    }
  }

  /** Everything up to this has been finished. */
  private done(): { mark: number; sequence: number } {
    for (const message of this.unfinished.values()) return { mark: message.before, sequence: message.sequence - 1 };
    return { mark: this.lastMark, sequence: this.sequence };
  }

  private saveCheckpoint(always: boolean): void {
    const done = this.done();
    const progress = done.sequence - this.saved.sequence;
    // Long stretches of $all may hold nothing for the group; they need not be searched again after a restart.
    const farOn = this.config.stream === "$all" && done.mark - this.saved.mark > WORTH_SAVING;
    if (done.mark <= this.saved.mark || (progress <= 0 && !farOn)) return;
    if (!always && !farOn && progress < this.config.settings.minCheckpointCount) return;
    this.saved = done;
    const text = this.config.stream === "$all" ? `C:${done.mark}/P:${done.mark}` : String(done.mark);
    const event = {
      id: newId(),
      type: CHECKPOINT_TYPE,
      isJson: true,
      data: Buffer.from(JSON.stringify(text)),
      metadata: EMPTY,
    };
    this.store.writer.write({
      action: "internal",
      events: [{ stream: checkpointStream(this.key), event }],
      done: () => undefined,
    });
  }

  private loadCheckpoint(): number | undefined {
    const state = this.store.streams.get(checkpointStream(this.key));
    const { first, last } = this.store.visibleRange(state);
    if (last < 0 || last < first) return undefined;
    const view = this.store.streams.recordOf(state, last);
    if (!view) return undefined;
    const match = /\d+/.exec(record.data(view.buffer, view.offset).toString("utf8"));
    return match ? Number(match[0]) : undefined;
  }
}

function correlationOf(metadata: Buffer): string | undefined {
  try {
    const value: unknown = JSON.parse(metadata.toString("utf8"));
    const correlation = (value as { $correlationId?: unknown } | null)?.$correlationId;
    return typeof correlation === "string" ? correlation : undefined;
  } catch {
    return undefined;
  }
}
