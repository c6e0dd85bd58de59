/** Steps within an octave: a bucket is at most 1/128 of its value wide, so that a percentile is off by 0.8 % at most. */
const STEPS = 128;
const STEP_BITS = 7;
/** Of values, in microseconds: 2^37 µs are 38 hours. */
const OCTAVES = 30;

/**
 * Counts of durations in buckets whose width grows with the value (as HdrHistogram does it): recording is two additions
 * and no memory, however many there are.
 */
export class Histogram {
  private readonly counts = new Float64Array(STEPS * (OCTAVES + 1));
  private recorded = 0;
  private total = 0;
  private longest = 0;
  private shortest = Infinity;

  /** @param milliseconds 0 or more */
  record(milliseconds: number): void {
    const bucket = bucketOf(Math.max(0, Math.round(milliseconds * 1000)));
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    this.recorded++;
    this.total += milliseconds;
    if (milliseconds > this.longest) this.longest = milliseconds;
    if (milliseconds < this.shortest) this.shortest = milliseconds;
  }

  get count(): number {
    return this.recorded;
  }

  /** In milliseconds; 0 when nothing was recorded. */
  get mean(): number {
    return this.recorded === 0 ? 0 : this.total / this.recorded;
  }

  get max(): number {
    return this.longest;
  }

  /** The value in milliseconds that the share `p` (0 to 1) of all values does not exceed; 0 when there are none. */
  percentile(p: number): number {
    if (this.recorded === 0) return 0;
    const wanted = Math.max(1, Math.ceil(p * this.recorded));
    let seen = 0;
    for (let bucket = 0; bucket < this.counts.length; bucket++) {
      seen += this.counts[bucket] as number;
      if (seen >= wanted) return Math.min(Math.max(middleOf(bucket) / 1000, this.shortest), this.longest);
    }
    return this.longest;
  }

  add(other: Histogram): void {
    for (let bucket = 0; bucket < this.counts.length; bucket++)
      this.counts[bucket] = (this.counts[bucket] as number) + (other.counts[bucket] as number);
    this.recorded += other.recorded;
    this.total += other.total;
    this.longest = Math.max(this.longest, other.longest);
    this.shortest = Math.min(this.shortest, other.shortest);
  }
}

/** Values below 128 µs have a bucket each; above, every doubling has 128. */
function bucketOf(micros: number): number {
  if (micros < STEPS) return micros;
  const octave = Math.min(OCTAVES - 1, Math.floor(Math.log2(micros)) - STEP_BITS);
  const step = Math.floor(micros / 2 ** octave) - STEPS;
  return STEPS * (octave + 1) + Math.min(STEPS - 1, Math.max(0, step));
}

function middleOf(bucket: number): number {
  if (bucket < STEPS) return bucket;
  const octave = Math.floor(bucket / STEPS) - 1;
  const low = (STEPS + (bucket % STEPS)) * 2 ** octave;
  return low + (2 ** octave - 1) / 2;
}

/** A histogram's summary; milliseconds. */
export interface Latency {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

export function latencyOf(histogram: Histogram): Latency {
  const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;
  return {
    count: histogram.count,
    mean: rounded(histogram.mean),
    p50: rounded(histogram.percentile(0.5)),
    p90: rounded(histogram.percentile(0.9)),
    p99: rounded(histogram.percentile(0.99)),
    max: rounded(histogram.max),
  };
}
