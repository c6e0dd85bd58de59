import { type Health, type Instance } from "./instance";

export interface HealthOptions {
  /** How often an instance is asked, in ms. */
  readonly every: number;
  /** How long it may take to answer, in ms. */
  readonly patience: number;
  /** Failures in a row after which it is not ready. */
  readonly failures: number;
}

export const HEALTH: HealthOptions = { every: 1_000, patience: 1_000, failures: 2 };

const PATH = "/health/ready";

/** Asks one instance again and again whether it is ready. The first answer counts at once, in either direction. */
export class HealthCheck {
  private inARow = 0;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  /** Resolves with the first answer. */
  readonly first: Promise<void>;

  constructor(
    private readonly instance: Instance,
    private readonly options: HealthOptions,
    private readonly changed: () => void,
  ) {
    this.first = this.check();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async check(): Promise<void> {
    const answer = await this.ask();
    if (this.stopped) return;
    const ready = answer === "ready";
    this.inARow = ready ? 0 : this.inARow + 1;
    const before = this.instance.health;
    const { failures, every } = this.options;
    if (ready || before !== "ready" || this.inARow >= failures) this.instance.health = answer;
    if (this.instance.health !== before) this.changed();
    // A little apart from one another, so that many gateways do not ask at the same moment.
    const pause = every * (0.9 + Math.random() * 0.2);
    this.timer = setTimeout(() => void this.check(), pause).unref();
  }

  private async ask(): Promise<Health> {
    const late = AbortSignal.timeout(this.options.patience);
    try {
      const { statusCode, body } = await this.instance.pool.request({ method: "GET", path: PATH, signal: late });
      await body.dump();
      return statusCode >= 200 && statusCode < 300 ? "ready" : "not-ready";
    } catch {
      return late.aborted ? "silent" : "not-ready";
    }
  }
}
