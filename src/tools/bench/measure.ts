import { Histogram, type Latency, latencyOf } from "../http";

/** What is measured: a step that many do at once, again and again, each when their last one is done. */
export interface Load {
  /** How many do it at once. */
  readonly concurrency: number;
  /** Seconds before anything counts. */
  readonly warmUp: number;
  /** Seconds that count. */
  readonly seconds: number;
  /**
   * One step of worker `worker`. Answers the milliseconds that it took, or `undefined` for a step that is made ready for
   * others and does not count itself. What it throws is counted as an error.
   */
  readonly step: (worker: number) => Promise<number | undefined>;
  readonly signal?: AbortSignal | undefined;
}

export interface Measured {
  readonly concurrency: number;
  readonly seconds: number;
  /** Steps a second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly latency: Latency;
  readonly errors: number;
  /** The first error's message. */
  readonly firstError: string | undefined;
  /** Share of one core that the load generator itself used: near 1 it is what is measured. */
  readonly generator: number;
}

/** An error is waited out a little, so that a shop in trouble is not stormed. */
const AFTER_ERROR = 20;

/** Lets the load run and takes its measure. */
export async function measure({ concurrency, warmUp, seconds, step, signal }: Load): Promise<Measured> {
  const histogram = new Histogram();
  const counts: { errors: number; firstError: string | undefined } = { errors: 0, firstError: undefined };
  const from = performance.now() + warmUp * 1000;
  const until = from + seconds * 1000;
  const cpu = setTimeoutAt(from, () => process.cpuUsage());
  const work = async (worker: number): Promise<void> => {
    while (performance.now() < until && signal?.aborted !== true) {
      try {
        const took = await step(worker);
        const now = performance.now();
        if (took !== undefined && now >= from && now <= until) histogram.record(took);
      } catch (error) {
        counts.errors++;
        counts.firstError ??= error instanceof Error ? error.message : String(error);
        await new Promise((resolve) => setTimeout(resolve, AFTER_ERROR));
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, worker) => work(worker)));
  signal?.throwIfAborted();
  const used = process.cpuUsage((await cpu) ?? process.cpuUsage());
  return {
    concurrency,
    seconds,
    rate: histogram.count / seconds,
    latency: latencyOf(histogram),
    ...counts,
    generator: (used.user + used.system) / 1e6 / seconds,
  };
}

function setTimeoutAt<T>(moment: number, take: () => T): Promise<T> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(take()), Math.max(0, moment - performance.now()));
  });
}
