import { type Recorded } from "../../domains/kernel";
import { entryAt, type EventLog, type LogEntry, logPages } from "../eventstore";

export interface TraceOptions {
  /** One of the two. */
  readonly correlationId?: string;
  readonly eventId?: string;
  /** Log position of an event that is looked for; without it the log is read backwards from its end. */
  readonly near?: bigint | undefined;
  /** How long nothing may have followed, in ms of the log's time, before nothing more is expected. */
  readonly window: number;
  /** How long the log may be read, in ms. */
  readonly budget: number;
  /** Events told at most: one import may be a single correlation of a million. */
  readonly limit: number;
  readonly signal?: AbortSignal;
}

export interface Trace {
  /** The events of one correlation in the order of the log; none: it was not found. */
  readonly events: readonly Recorded[];
  /** How much of the log was read, by position and time. */
  readonly searched: Searched;
}

export interface Searched {
  readonly from: bigint | null;
  readonly to: bigint | null;
  readonly fromTime: string | null;
  readonly toTime: string | null;
  /** Time, or the number of events that may be told, was over before the window was. */
  readonly cutOff: boolean;
}

/**
 * Finds the events of one correlation. They follow each other within seconds or minutes, so that of the log only the
 * time around them is read; nothing is kept for it when events are written.
 */
export async function trace(log: EventLog, options: TraceOptions): Promise<Trace> {
  const search = new Search(log, options);
  const anchor = options.near === undefined ? undefined : await entryAt(log, options.near);
  if (anchor?.event && search.isWanted(anchor.event)) {
    search.take(anchor, anchor.event);
    await search.backwards(anchor.position);
    await search.forwards(anchor.position);
    return search.result();
  }
  await search.backwards(undefined);
  const { first } = search;
  // Looking for one event, what came after it was passed over before its correlation was known.
  if (first && options.eventId !== undefined) await search.forwards(first.position);
  return search.result();
}

class Search {
  private readonly deadline: number;
  private readonly found = new Map<string, Recorded>();
  private correlationId: string | undefined;
  private earliest: LogEntry | undefined;
  private latest: LogEntry | undefined;
  private oldestMatch: number | undefined;
  private newestMatch: number | undefined;
  private cutOff = false;
  /** The event by which the correlation became known. */
  first: LogEntry | undefined;

  constructor(
    private readonly log: EventLog,
    private readonly options: TraceOptions,
  ) {
    this.correlationId = options.correlationId;
    this.deadline = Date.now() + options.budget;
  }

  isWanted({ id, metadata }: Recorded): boolean {
    return this.correlationId === undefined
      ? id === this.options.eventId
      : metadata.correlationId === this.correlationId;
  }

  take(entry: LogEntry, event: Recorded): void {
    const at = Date.parse(entry.recordedAt);
    this.first ??= entry;
    this.correlationId ??= event.metadata.correlationId;
    this.found.set(event.id, event);
    this.oldestMatch = Math.min(at, this.oldestMatch ?? at);
    this.newestMatch = Math.max(at, this.newestMatch ?? at);
    this.note(entry);
  }

  /** Reads from a position, or the log's end, back to where nothing more is expected. */
  async backwards(from: bigint | undefined): Promise<void> {
    await this.read("backwards", from, (at) => this.oldestMatch !== undefined && at < this.oldestMatch - this.options.window); // prettier-ignore
  }

  async forwards(from: bigint): Promise<void> {
    await this.read("forwards", from, (at) => this.newestMatch !== undefined && at > this.newestMatch + this.options.window); // prettier-ignore
  }

  result(): Trace {
    const events = [...this.found.values()].sort((a, b) => (a.position < b.position ? -1 : 1));
    const { earliest, latest, cutOff } = this;
    return {
      events,
      searched: {
        from: earliest?.position ?? null,
        to: latest?.position ?? null,
        fromTime: earliest?.recordedAt ?? null,
        toTime: latest?.recordedAt ?? null,
        cutOff,
      },
    };
  }

  private async read(
    direction: "backwards" | "forwards",
    from: bigint | undefined,
    beyond: (at: number) => boolean,
  ): Promise<void> {
    const { signal, limit } = this.options;
    if (this.found.size >= limit) return;
    const pages = logPages(this.log, { direction, ...(from !== undefined && { from }), ...(signal && { signal }) });
    for await (const page of pages) {
      for (const entry of page) {
        if (beyond(Date.parse(entry.recordedAt))) return;
        const { event } = entry;
        if (event && this.isWanted(event)) this.take(entry, event);
        if (this.found.size >= limit) {
          this.cutOff = true;
          return;
        }
      }
      for (const entry of [page[0], page.at(-1)]) if (entry) this.note(entry);
      if (Date.now() > this.deadline) {
        this.cutOff = true;
        return;
      }
    }
  }

  private note(entry: LogEntry): void {
    if (!this.earliest || entry.position < this.earliest.position) this.earliest = entry;
    if (!this.latest || entry.position > this.latest.position) this.latest = entry;
  }
}
