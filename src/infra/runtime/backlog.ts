import { type Recorded } from "../../domains/kernel";
import { type LogTail, type TailMember } from "./log-tail";

/** How far a consumer is behind the log; `null`: not known, because another process does the work or it just began. */
export interface Lag {
  /**
   * Events of its types not yet handled. Exact at the tail; while catching up an estimate, as the log does not tell how
   * many events lie between two positions.
   */
  readonly events: number | null;
  /** Age of the oldest event not yet handled; while catching up, of the newest one handled. */
  readonly seconds: number | null;
}

export const UNKNOWN_LAG: Lag = { events: null, seconds: null };

type Phase =
  | { readonly kind: "unknown" }
  | { readonly kind: "catching-up"; readonly member: TailMember; readonly seen: number; readonly from: bigint }
  | { readonly kind: "live"; readonly member: TailMember; readonly seen: number };

/** Keeps count of what a consumer has still to do. */
export class Backlog {
  private phase: Phase = { kind: "unknown" };
  /** Events handled in this phase. */
  private handled = 0;
  private underWay: readonly Recorded[] = [];
  private newestHandled: Recorded | undefined;
  private stuck: Recorded | undefined;

  constructor(
    private readonly tail: Pick<LogTail, "seen">,
    private readonly types: readonly string[],
    private readonly now: () => number = Date.now,
  ) {}

  /** Another process does the work, or nobody. */
  unknown(): void {
    this.enter({ kind: "unknown" });
  }

  /** The membership has just begun; everything from the position up to where it joined has to be read first. */
  catchingUp(member: TailMember, from: bigint): void {
    this.enter({ kind: "catching-up", member, from, seen: this.tail.seen(this.types) });
  }

  /** Level with where the membership joined. */
  live(member: TailMember): void {
    this.enter({ kind: "live", member, seen: this.tail.seen(this.types) - member.inbox.length });
  }

  begin(events: readonly Recorded[]): void {
    this.underWay = events;
  }

  done(): void {
    this.handled += this.underWay.length;
    this.newestHandled = this.underWay.at(-1) ?? this.newestHandled;
    this.underWay = [];
  }

  /** Events came that had been handled before: catching up had gone beyond what the tail had seen by then. */
  passedOver(events: number): void {
    if (this.phase.kind === "live") this.handled += events;
  }

  /** Nothing goes on before this event is handled. */
  failed(event: Recorded): void {
    const before = this.underWay.findIndex(({ position }) => position === event.position);
    this.handled += Math.max(0, before);
    this.underWay = [];
    this.stuck = event;
  }

  /** @param position reached so far */
  lag(position: bigint): Lag {
    const { phase } = this;
    switch (phase.kind) {
      case "unknown":
        return UNKNOWN_LAG;
      case "catching-up":
        return { events: this.estimate(phase, position), seconds: this.age(this.stuck ?? this.newestHandled) };
      case "live": {
        const events = this.tail.seen(this.types) - phase.seen - this.handled;
        const oldest = this.stuck ?? this.underWay[0] ?? phase.member.inbox[0];
        return { events, seconds: events === 0 ? 0 : this.age(oldest) };
      }
    }
  }

  /** As many to each stretch of the log as there have been so far, and what has come since. */
  private estimate({ from, member, seen }: Phase & { kind: "catching-up" }, position: bigint): number | null {
    const done = Number(position - from);
    if (done <= 0) return null;
    const ahead = Number(member.joinedAt - position);
    return Math.round((Math.max(0, ahead) * this.handled) / done) + this.tail.seen(this.types) - seen;
  }

  private age(event: Recorded | undefined): number | null {
    if (event === undefined) return null;
    return Math.max(0, this.now() - Date.parse(event.recordedAt)) / 1000;
  }

  private enter(phase: Phase): void {
    this.phase = phase;
    this.handled = 0;
    this.underWay = [];
    this.newestHandled = undefined;
    this.stuck = undefined;
  }
}
