import { type Subscription } from "rxjs";
import { pause, type ReadModel } from "../infra/runtime";
import { encodeEventId, type EventsReply, type Prepared, type ServerEvent } from "./http";

/** A view is made anew at least so often, in ms: prices begin and end without anything being written. */
const RECHECK = 15_000;
/** Changes come in bursts, each before the position it belongs to; a view is made anew so many ms after the first. */
const BREATH = 5;
/** Stands for the content of a view that is not there. */
const NOTHING = "gone";
const NULL = Buffer.from("null");

/** A read model of whatever documents, as far as it is followed. */
export type Followed = Pick<ReadModel, "changes$" | "position">;

/** Says that a change of the document changes what is being read. Say so before reading the document. */
export type Watch = (model: Followed, id: string) => void;

/** A view that can be followed. */
export interface LiveView {
  /** What its events are called. One that is no longer there is told as `gone`. */
  readonly event: string;
  /** The position of this one is that of the events. */
  readonly model: Followed;
  /** The view as it is now; `undefined` when it is not there. */
  read(watch: Watch): Promise<Prepared | undefined>;
}

/** Views that tell of their changes, whoever makes them: the present state first, then the latest after each change. */
export class LiveViews {
  private readonly bells = new Map<Followed, Bell>();

  /** @param known the mark of the last event that the caller has: that state is not told again */
  follow(view: LiveView, known: string | undefined): EventsReply["events"] {
    return (signal) => this.states(view, known, signal);
  }

  private async *states(
    view: LiveView,
    known: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<ServerEvent, void, void> {
    const alarm = new Alarm(signal);
    const positions = this.bell(view.model);
    let told = known;
    let watched: readonly (() => void)[] = [];
    try {
      while (!signal.aborted) {
        alarm.reset();
        const before = watched;
        const now: (() => void)[] = (watched = []);
        let answer: Prepared | undefined;
        try {
          answer = await view.read((model, id) => now.push(this.bell(model).on(id, alarm.ring)));
        } finally {
          for (const off of before) off();
        }
        const mark = answer ? markOf(answer) : NOTHING;
        if (mark !== told) {
          told = mark;
          const id = encodeEventId(positions.reached, mark);
          yield { event: answer ? view.event : NOTHING, id, data: answer?.plain ?? NULL };
        }
        if (await alarm.wait(RECHECK)) await pause(BREATH, signal);
      }
    } finally {
      for (const off of watched) off();
      alarm.end();
    }
  }

  private bell(model: Followed): Bell {
    let bell = this.bells.get(model);
    if (!bell) this.bells.set(model, (bell = new Bell(model)));
    return bell;
  }
}

/** The bare tag of the content. */
const markOf = ({ etag }: Prepared): string => etag.replace(/^W\/|"/g, "");

/** Wakes those who follow a document when it changes. However many they are, a change costs only those of its own. */
class Bell {
  private readonly ropes = new Map<string, Set<() => void>>();
  private subscription: Subscription | undefined;
  private told = -1n;

  constructor(private readonly model: Followed) {}

  /** What has been told of is read at this position or a later one. */
  get reached(): bigint {
    return this.model.position > this.told ? this.model.position : this.told;
  }

  /** @returns ends it */
  on(id: string, wake: () => void): () => void {
    let ropes = this.ropes.get(id);
    if (!ropes) this.ropes.set(id, (ropes = new Set()));
    // One of its own for each call: somebody may follow a document twice.
    const rope = () => wake();
    ropes.add(rope);
    this.subscription ??= this.model.changes$.subscribe(({ ids, position }) => {
      if (position > this.told) this.told = position;
      for (const each of ids ?? this.ropes.keys()) for (const pull of this.ropes.get(each) ?? []) pull();
    });
    return () => {
      ropes.delete(rope);
      if (ropes.size === 0 && this.ropes.get(id) === ropes) this.ropes.delete(id);
      if (this.ropes.size > 0) return;
      this.subscription?.unsubscribe();
      this.subscription = undefined;
    };
  }
}

/** Remembers that it rang until it is reset. */
class Alarm {
  private rung = false;
  private wake: () => void = () => undefined;

  constructor(private readonly signal: AbortSignal) {
    signal.addEventListener("abort", this.ring);
  }

  readonly ring = (): void => {
    this.rung = true;
    this.wake();
  };

  reset(): void {
    this.rung = false;
  }

  /** @returns whether it rang, and did not just wait for so many ms */
  async wait(ms: number): Promise<boolean> {
    if (this.rung || this.signal.aborted) return true;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
    this.wake = () => undefined;
    return this.rung;
  }

  end(): void {
    this.signal.removeEventListener("abort", this.ring);
  }
}
