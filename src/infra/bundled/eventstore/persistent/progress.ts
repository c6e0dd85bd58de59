import { jsonEvent } from "../core/own-events";
import { type Store } from "../core/store";
import { record } from "../storage/record";
import { type Message } from "./message";
import { checkpointStream, type GroupConfig } from "./settings";

/** Bytes of log. */
const WORTH_SAVING = 16 * 1024 * 1024;
const CHECKPOINT_TYPE = "$SubscriptionCheckpoint";

/** How far a group has got, and what of it is written down as its checkpoint. */
export class Progress {
  /** The mark of the newest message. */
  lastMark: number;
  private sequence = 0;
  /** Not finished yet, oldest first, wherever they are; without replayed ones. */
  private readonly unfinished = new Map<number, Message>();
  /** Handed to the writer. */
  private saved: { mark: number; sequence: number };
  private savedAt = Date.now();
  /** The mark that is on disk: what the group goes on from after a crash. */
  checkpoint: number | undefined;

  /**
   * @param checkpoint what was written down when the group last ran
   * @param from the first mark to deliver
   */
  constructor(
    private readonly store: Store,
    private readonly key: string,
    private readonly config: GroupConfig,
    checkpoint: number | undefined,
    from: number,
  ) {
    this.lastMark = from - 1;
    this.saved = { mark: checkpoint ?? -1, sequence: 0 };
    this.checkpoint = checkpoint;
  }

  /** What a group has written down, undefined where it has not yet. */
  static load(store: Store, key: string): number | undefined {
    const state = store.streams.get(checkpointStream(key));
    const { first, last } = store.visibleRange(state);
    if (last < 0 || last < first) return undefined;
    const view = store.streams.recordOf(state, last);
    const match = view && /\d+/.exec(record.data(view.buffer, view.offset).toString("utf8"));
    return match ? Number(match[0]) : undefined;
  }

  nextSequence(): number {
    return ++this.sequence;
  }

  begin(message: Message): void {
    this.unfinished.set(message.sequence, message);
  }

  finish(message: Message): void {
    this.unfinished.delete(message.sequence);
    const { maxCheckpointCount } = this.config.settings;
    if (this.done().sequence - this.saved.sequence >= maxCheckpointCount) this.save(true);
  }

  /** Everything up to this mark has been looked at, whether it was for the group or not. */
  seen(mark: number): void {
    if (this.unfinished.size === 0) this.lastMark = Math.max(this.lastMark, mark);
  }

  /** Saves when it is time to. */
  tick(now: number): void {
    if (now - this.savedAt < this.config.settings.checkpointAfter) return;
    this.savedAt = now;
    this.save(false);
  }

  /** Writes the checkpoint down, `always` or only where there is enough of it. */
  save(always: boolean): void {
    const done = this.done();
    const progress = done.sequence - this.saved.sequence;
    const toAll = this.config.stream === "$all";
    // Long stretches of $all may hold nothing for the group; they need not be searched again after a restart.
    const farOn = toAll && done.mark - this.saved.mark > WORTH_SAVING;
    if (done.mark <= this.saved.mark || (progress <= 0 && !farOn)) return;
    if (!always && !farOn && progress < this.config.settings.minCheckpointCount) return;
    const before = this.saved;
    this.saved = done;
    const event = jsonEvent(CHECKPOINT_TYPE, toAll ? `C:${done.mark}/P:${done.mark}` : String(done.mark));
    this.store.writer.write({
      action: "internal",
      events: [{ stream: checkpointStream(this.key), event }],
      done: (outcome) => {
        if (outcome.kind === "done") this.checkpoint = done.mark;
        else if (this.saved === done) this.saved = before;
      },
    });
  }

  /** Everything up to this has been finished. */
  private done(): { mark: number; sequence: number } {
    for (const message of this.unfinished.values()) return { mark: message.before, sequence: message.sequence - 1 };
    return { mark: this.lastMark, sequence: this.sequence };
  }
}
