import { BehaviorSubject, type Subscription } from "rxjs";
import { type Recorded } from "../../domains/kernel";
import { subscribeToLog, type EventLog, type Flow, type NewerEvent } from "../eventstore";
import { backoff, pause } from "./retry";

/** A member holds back the tail when this many events wait for it, and lets go when half of them are done. */
const HIGH_WATER = 4_000;
/** A member that makes no progress for this long, in ms, no longer holds back the others. */
const PATIENCE = 5_000;

/** One consumer's place at the tail: the events of its types that came after `joinedAt`. */
export class TailMember {
  inbox: Recorded[] = [];
  /** After what is in the inbox comes an event that newer code has written: this member gets no further. */
  newer: NewerEvent | undefined;
  /** The inbox ran over: events are missing, and the consumer must catch up by itself and join again. */
  overflowed = false;
  /** Live members hold the tail back when they are slow; those still catching up do not. */
  live = false;
  private wake: (() => void) | undefined;
  private lastTaken = Date.now();

  constructor(
    private readonly tail: LogTail,
    readonly types: ReadonlySet<string>,
    /** Position up to which events did not come through this membership. */
    readonly joinedAt: bigint,
  ) {}

  /** @returns whether the tail must wait for this member */
  push(event: Recorded): boolean {
    if (this.overflowed || this.newer) return false;
    this.inbox.push(event);
    this.notify();
    if (this.inbox.length < HIGH_WATER) return false;
    if (this.live && Date.now() - this.lastTaken < PATIENCE) return true;
    this.overflowed = true;
    this.inbox = [];
    this.notify();
    return false;
  }

  block(event: NewerEvent): void {
    if (this.overflowed || this.newer) return;
    this.newer = event;
    this.notify();
  }

  /** Up to `max` events, and the position that is reached once they are handled. */
  take(max: number): { events: Recorded[]; upTo: bigint } {
    this.lastTaken = Date.now();
    const events = this.inbox.length <= max ? this.inbox : this.inbox.slice(0, max);
    this.inbox = this.inbox.length <= max ? [] : this.inbox.slice(max);
    const last = events.at(-1);
    const upTo = (this.inbox.length === 0 && !this.newer) || !last ? this.tail.head : last.position;
    if (this.inbox.length < HIGH_WATER / 2) this.tail.drained(this);
    return { events, upTo };
  }

  /** Forgets what waits up to the position: it has been handled otherwise. */
  passOver(position: bigint): void {
    const [first] = this.inbox;
    if (first && first.position <= position) this.inbox = this.inbox.filter((event) => event.position > position);
  }

  /** Resolves when there is something to take, the member has run over or is blocked, or the signal fires. */
  async ready(signal: AbortSignal): Promise<void> {
    if (this.inbox.length > 0 || this.overflowed || this.newer || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.wake = wake;
      signal.addEventListener("abort", wake, { once: true });
    });
    this.wake = undefined;
  }

  leave(): void {
    this.tail.leave(this);
  }

  private notify(): void {
    this.wake?.();
  }
}

export interface TailState {
  readonly connected: boolean;
  readonly reconnects: number;
  readonly error: string | undefined;
}

/**
 * One live subscription for all consumers of a process: each event crosses the network and is decoded once, however
 * many projections read it. Reconnects from the last position seen, so nothing is missed or seen twice.
 */
export class LogTail {
  /** Everything up to here has been handed to the members. */
  readonly head$ = new BehaviorSubject<bigint>(-1n);
  private readonly members = new Set<TailMember>();
  private readonly listeners = new Map<string, (event: Pick<Recorded, "stream">) => void>();
  /** Events that came, by type. */
  private readonly counts = new Map<string, number>();
  /** Positions of the newest of them, by type. */
  private readonly newest = new Map<string, bigint>();
  private startedAt = -1n;
  private readonly slow = new Set<TailMember>();
  private readonly stopping = new AbortController();
  private flow: Flow | undefined;
  private running: Promise<void> | undefined;
  private position = -1n;
  private announced = false;
  private patience: NodeJS.Timeout | undefined;
  private status: TailState = { connected: false, reconnects: 0, error: undefined };

  constructor(
    private readonly log: EventLog,
    /** Prefixes of the streams to follow, such as `cart-`. */
    private readonly streams: readonly string[],
  ) {}

  get head(): bigint {
    return this.position;
  }

  get state(): TailState {
    return this.status;
  }

  /** How many events of the types have come since the start. */
  seen(types: readonly string[]): number {
    return types.reduce((sum, type) => sum + (this.counts.get(type) ?? 0), 0);
  }

  /**
   * How far somebody has got who has handled the events of the types up to a position: to the head, when none has come
   * after it.
   */
  reach(types: readonly string[], position: bigint): bigint {
    const isLevel = position >= this.startedAt && types.every((type) => (this.newest.get(type) ?? -1n) <= position);
    return isLevel && this.position > position ? this.position : position;
  }

  /** Follows the log from its present end on. */
  async start(): Promise<void> {
    this.position = await this.log.endPosition();
    this.startedAt = this.position;
    this.head$.next(this.position);
    this.running = this.follow();
  }

  join(types: readonly string[]): TailMember {
    const member = new TailMember(this, new Set(types), this.position);
    this.members.add(member);
    return member;
  }

  /**
   * Has every event of a type told as it comes, whatever anybody else does with it, and if it can be read here or not;
   * one listener a type.
   */
  listen(type: string, listener: (event: Pick<Recorded, "stream">) => void): void {
    this.listeners.set(type, listener);
  }

  leave(member: TailMember): void {
    this.members.delete(member);
    this.drained(member);
  }

  drained(member: TailMember): void {
    if (this.slow.delete(member) && this.slow.size === 0) {
      clearTimeout(this.patience);
      this.flow?.resume();
    }
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    clearTimeout(this.patience);
    await this.running;
    this.head$.complete();
  }

  private async follow(): Promise<void> {
    const { signal } = this.stopping;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const before = this.position;
      const error = await this.connection(signal);
      if (signal.aborted) return;
      if (this.position > before) attempt = 0;
      this.status = { connected: false, reconnects: this.status.reconnects + 1, error };
      await pause(backoff(attempt), signal);
    }
  }

  /** Resolves with the reason when the connection is lost, or when stopped. */
  private connection(signal: AbortSignal): Promise<string | undefined> {
    return new Promise((resolve) => {
      let subscription: Subscription | undefined = undefined;
      const finish = (reason?: string) => {
        signal.removeEventListener("abort", onAbort);
        subscription?.unsubscribe();
        this.flow = undefined;
        resolve(reason);
      };
      const onAbort = () => finish();
      signal.addEventListener("abort", onAbort, { once: true });
      subscription = subscribeToLog(
        this.log,
        this.position,
        { streams: this.streams },
        (flow) => (this.flow = flow),
      ).subscribe({
        next: (signalled) => {
          if (!this.status.connected) this.status = { ...this.status, connected: true, error: undefined };
          if (signalled.kind === "live" || signalled.kind === "begun") return;
          if (signalled.position <= this.position) return;
          if (signalled.kind === "event") this.distribute(signalled.event);
          else if (signalled.kind === "newer") this.block(signalled.event);
          this.position = signalled.position;
          this.announce();
        },
        error: (error: unknown) => finish(error instanceof Error ? error.message : String(error)),
      });
      this.flow?.resume();
    });
  }

  private noted(event: Pick<Recorded, "type" | "stream" | "position">): void {
    this.counts.set(event.type, (this.counts.get(event.type) ?? 0) + 1);
    this.newest.set(event.type, event.position);
    this.listeners.get(event.type)?.(event);
  }

  /** Only those that want the type are stopped by what cannot be read here. */
  private block(event: NewerEvent): void {
    this.noted(event);
    for (const member of this.members) if (member.types.has(event.type)) member.block(event);
  }

  private distribute(event: Recorded): void {
    this.noted(event);
    for (const member of this.members) {
      if (!member.types.has(event.type)) continue;
      if (member.push(event)) this.hold(member);
    }
  }

  private hold(member: TailMember): void {
    if (this.slow.size === 0) {
      this.flow?.pause();
      this.patience = setTimeout(() => {
        this.slow.clear();
        this.flow?.resume();
      }, PATIENCE);
    }
    this.slow.add(member);
  }

  /** Many events arrive in one turn of the event loop; the head is announced once for all of them. */
  private announce(): void {
    if (this.announced) return;
    this.announced = true;
    setImmediate(() => {
      this.announced = false;
      this.head$.next(this.position);
    });
  }
}
