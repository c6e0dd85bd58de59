import { type Audit, type Refusal } from "../../api/http";
import { REFUSALS_AT_ONCE, type ToldRefusal } from "../../api/internal/refusals";
import { orElse } from "../../infra/runtime";
import { GatheredRefusals } from "./gathered-refusals";
import { type Refusals } from "./refusals";

export interface RefusalReportsOptions {
  /**
   * Hands refusals to a process that writes them down. Rejects when that is not certain: then they are handed over
   * again, and may be told twice. `false`: they cannot be taken, ever.
   */
  readonly send: (refusals: readonly ToldRefusal[]) => Promise<boolean>;
  /** Told when they cannot be handed over, once until they can again. */
  readonly report: (error: unknown, waiting: number) => void;
  /** ms for which refused requests of one caller to one route are put together; a minute when absent. */
  readonly window?: number | undefined;
}

/** What may wait; what is too much is counted, and lost. */
const CAPACITY = 2_000;
/** ms until the next is handed over, and until it is tried again at first and at most. */
const GATHERING = 100;
const RETRY = { first: 500, most: 10_000 };
/** ms that a process that stops waits for the rest. */
const PATIENCE = 2_000;

/** The refusals of a process that does not write to the log itself: another one does it for the audit trail. */
export class RefusalReports {
  readonly figures = { events: 0, failures: 0, lost: 0 };
  private readonly waiting: ToldRefusal[] = [];
  private readonly gathered: GatheredRefusals;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private failed = 0;

  constructor(private readonly options: RefusalReportsOptions) {
    this.gathered = new GatheredRefusals((refusals) => this.take(refusals), options.window);
  }

  get pending(): number {
    return this.waiting.length;
  }

  readonly refused = (refusal: Refusal): void => this.gathered.add(refusal);

  readonly heard: Audit = (audited) => {
    if (audited.kind === "refusal") this.refused(audited);
  };

  async stop(): Promise<void> {
    this.gathered.stop();
    await orElse(this.flush(), PATIENCE, undefined);
    clearTimeout(this.timer);
  }

  private take(refusals: readonly Refusals[]): void {
    for (const { method, route, operation, status, code, actor, correlationId, client, count, from, to } of refusals) {
      if (this.waiting.length >= CAPACITY) this.figures.lost += 1;
      else this.waiting.push({ method, route, operation, status, code, actor, correlationId, client, count, from, to });
    }
    this.wake(GATHERING);
  }

  private wake(ms: number): void {
    if (this.running) return;
    this.timer ??= setTimeout(() => void this.flush(), ms).unref();
  }

  private async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await (this.running ??= this.run().finally(() => (this.running = undefined)));
    if (this.waiting.length > 0) this.wake(Math.min(RETRY.most, RETRY.first * 2 ** Math.max(0, this.failed - 1)));
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.slice(0, REFUSALS_AT_ONCE);
      let taken: boolean;
      try {
        taken = await this.options.send(batch);
      } catch (error) {
        this.figures.failures += 1;
        if (this.failed++ === 0) this.options.report(error, this.waiting.length);
        return;
      }
      this.waiting.splice(0, batch.length);
      this.figures[taken ? "events" : "lost"] += batch.length;
      this.failed = 0;
    }
  }
}
