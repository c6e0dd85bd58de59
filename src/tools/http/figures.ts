import { Histogram, type Latency, latencyOf } from "./histogram";

/** What a client did: how long each kind of request took, and how often and why something had to be sent again. */
export class Figures {
  private readonly histograms = new Map<string, Histogram>();
  private readonly repeats = new Map<string, number>();
  private answered = 0;

  /** One answer, whatever its status. */
  answer(kind: string, milliseconds: number): void {
    this.answered++;
    let histogram = this.histograms.get(kind);
    if (histogram === undefined) this.histograms.set(kind, (histogram = new Histogram()));
    histogram.record(milliseconds);
  }

  /** One request that is sent again, and why, e.g. `503` or `ECONNREFUSED`. */
  repeat(reason: string): void {
    this.repeats.set(reason, (this.repeats.get(reason) ?? 0) + 1);
  }

  /** Answers so far. */
  get requests(): number {
    return this.answered;
  }

  /** Per kind of request, in the order of their first answer. */
  latencies(): Record<string, Latency> {
    return Object.fromEntries([...this.histograms].map(([kind, histogram]) => [kind, latencyOf(histogram)]));
  }

  /** Of one kind; all zero when there was none. */
  latency(kind: string): Latency {
    return latencyOf(this.histograms.get(kind) ?? new Histogram());
  }

  /** How often requests were sent again, by reason. */
  retries(): Record<string, number> {
    return Object.fromEntries(this.repeats);
  }
}
