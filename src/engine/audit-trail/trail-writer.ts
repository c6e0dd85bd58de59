import { type AuditEvent, auditTrail } from "../../domains/operations";
import { type EventMetadata } from "../../domains/kernel";
import { type EventLog, type NewEvent } from "../../infra/eventstore";
import { newId } from "../../infra/runtime";

/** What surrounds an event of the trail. */
export type About = Pick<EventMetadata, "actor" | "correlationId" | "occurredAt"> &
  Partial<Pick<EventMetadata, "causationId" | "traceparent">>;

export interface TrailWriterOptions {
  readonly log: Pick<EventLog, "append"> & { readonly codec: Pick<EventLog["codec"], "written"> };
  /** Told when events cannot be appended, once until they can again. */
  readonly report: (error: unknown, waiting: number) => void;
  /** ms to wait for more events before an append. */
  readonly gathering?: number;
  /** ms until an append that failed is tried again, at first; then twice as long each time, up to 20 times that. */
  readonly retry?: number;
  /** Events that may wait; what is too much is counted, and lost. */
  readonly capacity?: number;
}

/** Events in one append. */
const BATCH = 250;

/**
 * Appends what it is given to the trail, some time soon: who gives it does not wait and hears of no failure. What could
 * not be appended is tried again under the same ids, so that nothing is there twice.
 *
 * Each process writes a stream of its own, another each day, so that no two writers meet.
 */
export class TrailWriter {
  readonly figures = { events: 0, failures: 0, lost: 0 };
  private readonly waiting: NewEvent[] = [];
  /** What is being appended: the same again until it is there, as the log knows an append only as a whole. */
  private batch: readonly NewEvent[] = [];
  private stream = "";
  private day = "";
  private revision = -1;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private failed = 0;
  private readonly name = newId().slice(0, 8);
  private readonly gathering: number;
  private readonly retry: number;
  private readonly capacity: number;

  constructor(private readonly options: TrailWriterOptions) {
    this.gathering = options.gathering ?? 100;
    this.retry = options.retry ?? 500;
    this.capacity = options.capacity ?? 10_000;
  }

  get pending(): number {
    return this.batch.length + this.waiting.length;
  }

  add(event: AuditEvent, { causationId, ...about }: About): void {
    if (this.pending >= this.capacity) {
      this.figures.lost += 1;
      return;
    }
    const id = newId();
    const { version: schemaVersion, data } = this.options.log.codec.written(event);
    const metadata = { commandId: id, causationId: causationId ?? id, ...about, schemaVersion };
    this.waiting.push({ id, type: event.type, data, metadata });
    if (!this.running) this.wake(this.gathering);
  }

  /** Appends what waits. @returns whether all is appended */
  async flush(): Promise<boolean> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await (this.running ??= this.run().finally(() => (this.running = undefined)));
    return this.pending === 0;
  }

  /** Nothing more is appended. */
  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting.length = 0;
    this.batch = [];
  }

  private wake(ms: number): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.flush();
    }, ms).unref();
  }

  private async run(): Promise<void> {
    while (this.pending > 0) {
      if (this.batch.length === 0) this.batch = this.waiting.splice(0, BATCH);
      try {
        await this.append(this.batch);
        this.figures.events += this.batch.length;
        this.batch = [];
        this.failed = 0;
      } catch (error) {
        this.figures.failures += 1;
        if (this.failed === 0) this.options.report(error, this.pending);
        this.wake(this.retry * Math.min(20, 2 ** this.failed));
        this.failed += 1;
        return;
      }
    }
  }

  private async append(batch: readonly NewEvent[]): Promise<void> {
    const today = batch[0]?.metadata.occurredAt.slice(0, 10) ?? "";
    // An append of which nothing is known is repeated where it was made.
    if (this.stream === "" || (today !== this.day && this.failed === 0)) this.begin(today);
    const appended = await this.options.log.append(this.stream, batch, this.revision);
    if (appended.ok) this.revision = appended.revision;
    else {
      // Somebody else writes there: whoever that is, another stream is one's own.
      this.stream = "";
      throw new Error("the stream of the audit trail has another writer");
    }
  }

  private begin(day: string): void {
    this.day = day;
    this.stream = `${auditTrail.category}-${day}-${this.name}-${newId().slice(0, 4)}`;
    this.revision = -1;
  }
}
