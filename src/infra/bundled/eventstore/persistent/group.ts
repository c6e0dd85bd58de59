import { compileFilter } from "../core/filter";
import { type Store } from "../core/store";
import { type RecordView } from "../storage/log";
import { record } from "../storage/record";
import { groupDropped } from "../transport/status";
import { type Consumer, type Message, type Outstanding } from "./message";
import { park, parkedCount, replayParked } from "./parked";
import { pinOf } from "./pin";
import { Progress } from "./progress";
import { type GroupConfig, groupKey } from "./settings";
import { allSource, type GroupSource, streamSource } from "./source";
import { makeStrategy, type Strategy } from "./strategies";

const TICK = 100;
const LATENCIES_KEPT = 1000;

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
  private readonly progress: Progress;
  private readonly source: GroupSource;
  private readonly strategy: Strategy;
  private readonly unwatch: () => void;
  private readonly timer: NodeJS.Timeout;
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
    const checkpoint = Progress.load(store, this.key);
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
    this.progress = new Progress(store, this.key, config, checkpoint, from);
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
    if (message) this.progress.finish(message);
    this.schedule();
  }

  nack(id: string, consumer: Consumer, action: "park" | "retry" | "skip" | "stop", reason: string): void {
    const message = this.release(id, consumer);
    if (message) {
      if (action === "park") this.park(message, reason);
      else if (action === "skip") this.progress.finish(message);
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
    return replayParked(this.store, this.key, limit, (link, target) => {
      const unlinked = this.message(target, true);
      // As the real node has it: clients get the event with the link that parked it, and answer by the link's id.
      this.retries.push({ ...unlinked, ...link, unlinked });
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
    return this.progress.checkpoint;
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
    if (keepProgress) this.progress.save(true);
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
        this.progress.begin(message);
        if (!this.dispatch(message)) this.waiting.push(message);
      }
      this.progress.seen(this.source.seen);
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

  /** False where the message has to wait. */
  private dispatch(message: Message): boolean {
    // Another event of the same id is out: an answer could not tell the two apart.
    if (this.outstanding.has(message.id)) return false;
    const consumer = this.strategy(message, this.consumers);
    if (!consumer) return false;
    if (!consumer.send(message)) {
      if (message.unlinked) return this.dispatch({ ...message.unlinked, retries: message.retries });
      // A scavenge has taken the event.
      this.progress.finish(message);
      return true;
    }
    this.outstanding.set(message.id, { message, consumer, sentAt: Date.now() });
    consumer.inFlight++;
    consumer.total++;
    consumer.countSinceMeasured++;
    this.total++;
    this.sinceMeasured++;
    return true;
  }

  private message(view: RecordView, replayed: boolean): Message {
    const { buffer, offset } = view;
    const before = this.progress.lastMark;
    const mark = replayed ? before : this.source.markOf(view);
    this.progress.lastMark = mark;
    return {
      sequence: this.progress.nextSequence(),
      position: record.position(buffer, offset),
      mark,
      before,
      id: record.idKey(buffer, offset),
      // Looking for it may read the log, which ends the life of the view.
      pin: pinOf(this.store, this.config.settings.strategy, view),
      replayed,
      retries: 0,
    };
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

  private again(message: Message): void {
    message.retries++;
    if (message.retries > this.config.settings.maxRetryCount) this.park(message, "Reached max retries");
    else this.retries.push(message);
  }

  private park(message: Message, reason: string): void {
    park(this.store, this.key, message, reason, (parked) => {
      if (parked) this.progress.finish(message);
      else {
        this.retries.push(message);
        this.schedule();
      }
    });
  }

  private tick(): void {
    const now = Date.now();
    const { messageTimeout } = this.config.settings;
    if (messageTimeout > 0) {
      for (const [id, { message, consumer, sentAt }] of this.outstanding) {
        if (now - sentAt < messageTimeout) continue;
        this.outstanding.delete(id);
        consumer.inFlight--;
        this.again(message);
      }
      if (this.retries.length > 0) this.schedule();
    }
    this.progress.tick(now);
  }
}
