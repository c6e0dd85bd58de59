import { type Recorded } from "../../domains/kernel";
import { subscribeToLog, type EventLog, type Flow, type LogFilter, type NewerEvent } from "../eventstore";
import { Outdated } from "./outdated";
import { backoff, pause } from "./retry";

/** While more comes within this time, in ms, a batch waits to be full: a few big ones cost less than many small ones. */
const LULL = 5;
/** So many batches are fetched while one is being handled. */
const AHEAD = 2;
/** How long a silent server is given, in ms, before it is asked for all events instead of some types. */
const SILENCE = 2_000;

export interface CatchUp {
  readonly log: EventLog;
  readonly types: readonly string[];
  /** All stream prefixes of the shop: with this filter the event at `target` is certain to arrive. */
  readonly streams: readonly string[];
  readonly after: bigint;
  /** Position of an event in the log; reading ends once everything up to it was handled. */
  readonly target: bigint;
  /** How many events are handled at once; it may change on the way. */
  readonly batches: { readonly most: number };
  readonly signal: AbortSignal;
  /** Events in log order and the position reached with them. */
  handle(events: readonly Recorded[], upTo: bigint): Promise<void>;
}

/** Reads the events of some types between two positions, surviving lost connections. Resolves when level. */
export async function catchUp(job: CatchUp): Promise<void> {
  let position = job.after;
  let filter: LogFilter = { types: job.types };
  for (let attempt = 0; position < job.target && !job.signal.aborted; attempt++) {
    const reader = new Reader(job, position, filter);
    const result = await reader.run();
    if (result.failure) throw result.failure;
    if (result.position > position) attempt = 0;
    position = result.position;
    if (result.silent) filter = { streams: job.streams };
    else if (position < job.target) await pause(backoff(attempt), job.signal);
  }
}

interface Reading {
  readonly position: bigint;
  /** The handler refused a batch: not to be tried again here. */
  readonly failure?: unknown;
  readonly silent: boolean;
}

/** One connection's worth of catching up. */
class Reader {
  private events: Recorded[] = [];
  private reached: bigint;
  private handled: bigint;
  private live = false;
  private ended = false;
  /** An event that newer code has written; what came before it is still handled. */
  private newer: NewerEvent | undefined;
  /** Called at each signal. */
  private tell: () => void = () => undefined;
  private flow: Flow | undefined;

  constructor(
    private readonly job: CatchUp,
    after: bigint,
    private readonly filter: LogFilter,
  ) {
    this.reached = after;
    this.handled = after;
  }

  async run(): Promise<Reading> {
    const { job } = this;
    const subscription = subscribeToLog(job.log, this.handled, this.filter, (flow) => (this.flow = flow)).subscribe({
      next: (signalled) => {
        if (this.newer) return;
        if (signalled.kind === "newer" && job.types.includes(signalled.event.type)) {
          // Beyond the target it is for who follows the tail.
          if (signalled.position > job.target) this.live = true;
          else this.newer = signalled.event;
        } else if (signalled.kind === "live") this.live = true;
        else if (signalled.kind !== "begun") {
          if (signalled.kind === "event") this.events.push(signalled.event);
          this.reached = signalled.position;
          if (this.events.length >= AHEAD * job.batches.most) this.flow?.pause();
        }
        this.tell();
      },
      error: () => {
        this.ended = true;
        this.tell();
      },
    });
    try {
      while (!job.signal.aborted) {
        await this.gather();
        const events = this.events.slice(0, job.batches.most);
        const rest = this.events.slice(events.length);
        const level = this.isLevel && rest.length === 0;
        const reached = this.live && this.reached < job.target ? job.target : this.reached;
        const upTo = rest.length > 0 ? (events.at(-1)?.position ?? this.handled) : reached;
        this.events = rest;
        this.flow?.resume();
        if (events.length > 0 || level) {
          try {
            const wanted = events.filter((event) => job.types.includes(event.type));
            await job.handle(wanted, upTo);
          } catch (failure) {
            return { position: this.handled, failure, silent: false };
          }
          this.handled = upTo;
        }
        if (this.newer && this.events.length === 0)
          return { position: this.handled, failure: Outdated.at(this.newer), silent: false };
        if (level || (this.ended && this.events.length === 0)) break;
        if (this.events.length === 0 && !(await this.news()) && this.filter.types)
          return { position: this.handled, silent: true };
      }
      return { position: this.handled, silent: false };
    } finally {
      subscription.unsubscribe();
    }
  }

  private get isLevel(): boolean {
    return this.live || this.reached >= this.job.target;
  }

  private get isFilling(): boolean {
    return !this.isLevel && !this.ended && !this.newer && this.events.length < this.job.batches.most;
  }

  /** Waits until the batch is full, or nothing more comes for the moment. */
  private async gather(): Promise<void> {
    for (let before = 0; this.events.length > before && this.isFilling;) {
      before = this.events.length;
      await this.told(LULL, () => !this.isFilling);
    }
  }

  /** Waits for the next signal; false when none came in a while. */
  private async news(): Promise<boolean> {
    if (this.live || this.ended || this.newer) return true;
    return this.told(SILENCE, () => true);
  }

  /** Waits for a signal that makes it so; false when none came in so many ms. */
  private async told(ms: number, isSo: () => boolean): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const told = await new Promise<boolean>((resolve) => {
      this.tell = () => {
        if (isSo()) resolve(true);
      };
      timer = setTimeout(() => resolve(false), ms);
    });
    clearTimeout(timer);
    this.tell = () => undefined;
    return told;
  }
}
