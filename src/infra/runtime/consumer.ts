import { BehaviorSubject } from "rxjs";
import { type Recorded } from "../../domains/kernel";
import { type EventLog } from "../eventstore";
import { Fenced, type Leases } from "../mongo";
import { Backlog, UNKNOWN_LAG } from "./backlog";
import { type Balancer, type Share } from "./balancer";
import { BatchSize } from "./batch-size";
import { catchUp } from "./catch-up";
import { type ConsumerState, type ConsumerStatus } from "./consumer-state";
import { type FailureMark, type Failures, type Verdict } from "./failures";
import { type Handler } from "./handler";
import { type LogTail, type TailMember } from "./log-tail";
import { Outdated } from "./outdated";
import { PoisonEvent } from "./poison-event";
import { backoff, pause } from "./retry";
import { Rhythm } from "./rhythm";
import { Standstill } from "./standstill";
import { type Turns } from "./turns";

export interface ConsumerOptions {
  /** Of its lease. */
  readonly name: string;
  readonly context: string;
  /** What it is part of; the name when absent. */
  readonly work?: string;
  readonly maxBatch?: number;
  /** While it catches up it works by turns with others that do: for what nobody reads yet. */
  readonly turns?: Turns;
  /** 0: every event is handled at once; otherwise as `Rhythm` says. */
  readonly rhythm?: 0;
}

export interface ConsumerServices {
  readonly log: EventLog;
  readonly tail: LogTail;
  readonly leases: Leases;
  /** Says which consumers this process is to run. */
  readonly balancer: Pick<Balancer, "join">;
  readonly failures: Failures;
  /** All stream prefixes of the shop. */
  readonly streams: readonly string[];
  report(level: "info" | "warn" | "error", message: string, details: object): void;
}

/** A position reached without events becomes durable after this time, in ms. */
const IDLE_CHECKPOINT = 5_000;
/** How often a lease is asked for that another still holds, in ms: often at first, as it is about to be given back. */
const LEASE_POLL = 1_000;
const HANDOVER_POLL = 100;
const HANDOVER_POLLS = 30;

/**
 * Brings the log to a handler while that falls to this process: takes the lease, catches up, follows the tail, stops at
 * what cannot be handled.
 */
export class Consumer {
  readonly position$ = new BehaviorSubject<bigint>(-1n);
  readonly name: string;
  readonly context: string;
  private status: ConsumerStatus = "starting";
  private readonly backlog: Backlog;
  private error: ConsumerState["error"];
  private durable = -1n;
  private readonly rhythm: Rhythm;
  private readonly stopping = new AbortController();
  /** Newer code is needed: this process never takes the work again. */
  private readonly withdrawn = new AbortController();
  private running: Promise<void> | undefined;
  private retries = 0;
  /** A store did not answer, and nothing has been done since. */
  private interrupted = false;
  private readonly batches: BatchSize;
  private share: Share | undefined;
  private readonly standstill: Standstill;

  constructor(
    private readonly handler: Handler,
    private readonly services: ConsumerServices,
    private readonly options: ConsumerOptions,
  ) {
    this.name = options.name;
    this.context = options.context;
    this.backlog = new Backlog(services.tail, handler.types);
    this.rhythm = new Rhythm(options.rhythm !== 0);
    this.batches = new BatchSize(options.maxBatch ?? 2_000);
    const { name, context, work = name } = options;
    this.standstill = new Standstill(services.failures, { context, name, work });
  }

  get state(): ConsumerState {
    const { error, shown: status, retries } = this;
    const position = this.position$.value;
    // How far the log is by now nobody knows who does not follow it.
    const lag = this.isCutOff ? UNKNOWN_LAG : this.backlog.lag(position);
    return { status, position, lag, retries, ...(error && { error }) };
  }

  private get shown(): ConsumerStatus {
    const { status, share } = this;
    if (status === "starting" && share?.decided && !share.mine) return "waiting";
    const works = status === "catching-up" || status === "live";
    // It has the work, or asks for the lease of what falls to it, and the database does not answer.
    const isInterrupted = this.interrupted && (works || status === "waiting");
    return isInterrupted || (works && this.isCutOff) ? "reconnecting" : status;
  }

  private get isCutOff(): boolean {
    const { connected, reconnects } = this.services.tail.state;
    return this.holdsLease && !connected && reconnects > 0;
  }

  /** This process does the work: its position is the read model's. */
  get holdsLease(): boolean {
    return this.status === "catching-up" || this.status === "live" || this.status === "failed";
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Finishes the batch under way, makes the position durable and gives the lease back. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.retry();
    this.rhythm.end();
    await this.running;
  }

  /** Goes on after a failure, from the event that caused it. */
  retry(): void {
    this.standstill.retry();
  }

  /**
   * What an operator has decided, if it is about where it stands still now.
   * @returns whether it was
   */
  settle(mark: Omit<FailureMark, "context" | "unit">, verdict: Verdict): Promise<boolean> {
    return this.standstill.settle(mark, verdict);
  }

  /** Commits without pause as long as somebody waits. Returns the way to stop waiting. */
  hurry(): () => void {
    return this.rhythm.hurry();
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    const { name, context } = this.options;
    const share = (this.share = this.services.balancer.join(context, name));
    while (!signal.aborted && !this.withdrawn.signal.aborted) {
      const turn = await share.turn(signal);
      if (!turn) break;
      await this.work(AbortSignal.any([signal, turn, this.withdrawn.signal]));
      this.waits();
      await this.services.leases.release(context, name).catch(() => undefined); // it lapses
    }
    this.status = this.withdrawn.signal.aborted ? "outdated" : "stopped";
    share.leave();
  }

  private withdraw(error: Outdated): void {
    if (this.withdrawn.signal.aborted) return;
    const { message } = error;
    const { name } = this.options;
    this.error = { message };
    this.services.report("warn", `${name} is left to newer code: ${message}`, { consumer: name });
    this.withdrawn.abort();
  }

  /** Until the signal fires: then what is under way is finished. */
  private async work(signal: AbortSignal): Promise<void> {
    const { name, context } = this.options;
    for (let attempt = 0, asked = 0; !signal.aborted;) {
      try {
        const token = await this.services.leases.acquire(context, name);
        if (token === undefined) {
          this.waits();
          await pause(asked++ < HANDOVER_POLLS ? HANDOVER_POLL : LEASE_POLL, signal);
          continue;
        }
        asked = 0;
        const interrupted = new AbortController();
        this.reached(await this.handler.claim(token, (error) => interrupted.abort(error)), true);
        await this.standstill.load();
        this.interrupted = false;
        await this.follow(AbortSignal.any([signal, interrupted.signal])).finally(() => this.handler.release?.());
        interrupted.signal.throwIfAborted();
        attempt = 0;
      } catch (error) {
        const outdated = Outdated.by(error);
        if (outdated) this.withdraw(outdated);
        else if (error instanceof Fenced) {
          this.waits();
          await pause(LEASE_POLL, signal);
        } else if (error instanceof PoisonEvent) {
          await this.fail(error, signal);
          this.retries++;
        } else {
          this.retries++;
          this.interrupted = true;
          this.batches.interrupted();
          this.services.report("warn", `${name} is interrupted and tries again`, { consumer: name, error });
          this.error = { message: error instanceof Error ? error.message : String(error) };
          await pause(backoff(attempt++, 100), signal);
        }
      }
    }
  }

  private waits(): void {
    this.status = "waiting";
    this.interrupted = false;
    this.backlog.unknown();
  }

  private async follow(signal: AbortSignal): Promise<void> {
    const { log, tail, streams } = this.services;
    const { types } = this.handler;
    const { batches } = this;
    while (!signal.aborted) {
      const member = tail.join(types);
      try {
        const after = this.position$.value;
        if (after < member.joinedAt) {
          this.status = "catching-up";
          this.backlog.catchingUp(member, after);
          const handle = (events: readonly Recorded[], upTo: bigint) => {
            const work = () => this.handle(events, upTo);
            return this.options.turns?.take(work) ?? work();
          };
          await catchUp({ log, types, streams, after, target: member.joinedAt, batches, signal, handle });
        }
        if (member.overflowed || signal.aborted) continue;
        member.live = true;
        this.status = "live";
        member.passOver(this.position$.value);
        this.backlog.live(member);
        this.error = undefined;
        await this.live(member, signal);
      } finally {
        member.leave();
      }
    }
    if (this.durable < this.position$.value) await this.handler.checkpoint(this.position$.value);
  }

  private async live(member: TailMember, signal: AbortSignal): Promise<void> {
    const idle = this.services.tail.head$.subscribe((head) => {
      // Nothing waits and nothing is under way: what the tail has seen beyond our events is seen by us too.
      if (member.inbox.length === 0 && !member.overflowed && !member.newer && this.resting) this.reached(head);
    });
    const timer = setInterval(() => void this.saveIdlePosition(), IDLE_CHECKPOINT);
    try {
      while (!signal.aborted && !member.overflowed) {
        this.resting = member.inbox.length === 0 && !member.newer;
        // The head may have moved on by others' events while a batch was under way, and may not move again for long.
        if (this.resting) this.reached(this.services.tail.head);
        await member.ready(signal);
        if (member.inbox.length === 0) {
          if (member.newer) throw Outdated.at(member.newer);
          continue;
        }
        this.resting = false;
        await this.rhythm.keep(signal);
        const { events, upTo } = member.take(this.batches.most);
        await this.handle(events, upTo);
      }
    } finally {
      this.resting = false;
      idle.unsubscribe();
      clearInterval(timer);
    }
  }

  private resting = false;

  /**
   * Events handled before are passed over: catching up may have gone beyond the point from which on the tail brings
   * them.
   */
  private async handle(events: readonly Recorded[], upTo: bigint): Promise<void> {
    const { value: before } = this.position$;
    const [first] = events;
    const fresh = first && first.position <= before ? events.filter(({ position }) => position > before) : events;
    this.backlog.passedOver(events.length - fresh.length);
    if (fresh.length > 0 && upTo > before) {
      if (!this.services.leases.holds(this.context, this.name)) throw new Fenced(this.name);
      this.backlog.begin(fresh);
      const begun = performance.now();
      await this.handler.handle(fresh, upTo);
      this.batches.took(fresh.length, performance.now() - begun);
      this.backlog.done();
      this.rhythm.beat(fresh);
      this.durable = upTo;
      await this.standstill.passed(upTo);
    }
    this.reached(upTo);
  }

  private async saveIdlePosition(): Promise<void> {
    const position = this.position$.value;
    if (!this.resting || position <= this.durable) return;
    this.durable = position;
    await this.handler.checkpoint(position).catch(() => undefined); // fenced: the next batch finds out
  }

  private reached(position: bigint, claimed = false): void {
    if (claimed) this.durable = position;
    if (claimed || position > this.position$.value) this.position$.next(position);
  }

  private async fail(poison: PoisonEvent, signal: AbortSignal): Promise<void> {
    const { event } = poison;
    this.status = "failed";
    this.backlog.failed(event);
    this.error = poison.described();
    this.services.report("error", poison.message, { consumer: this.name, ...this.error });
    const triedAgain = this.standstill.untilTriedAgain(signal);
    try {
      const { attempts, since } = await this.standstill.record(poison);
      this.error = { ...this.error, attempts, since };
    } catch (error) {
      this.services.report("warn", `the failure of ${this.name} could not be noted`, { consumer: this.name, error });
    }
    await triedAgain;
  }
}
