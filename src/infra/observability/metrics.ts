import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** One figure with its labels. */
export interface Figure {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

export interface Reading<Label extends string> {
  /** Without the `millrace_` in front. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Label[];
  /** Called at each scrape: a number, or one per combination of labels. */
  read(): number | readonly Figure[] | Promise<number | readonly Figure[]>;
}

const PREFIX = "millrace_";
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

type Observe = (seconds: number) => void;

/** The process's figures for Prometheus. */
export class Metrics {
  readonly registry = new Registry();
  private readonly durations: Histogram<"method" | "route" | "status">;
  private readonly live: Gauge<"route">;
  private readonly observers = new Map<string, Map<number, Observe>>();

  constructor(options: { readonly process?: boolean } = {}) {
    if (options.process ?? true) collectDefaultMetrics({ register: this.registry });
    this.durations = new Histogram({
      name: "http_request_duration_seconds",
      help: "Time from a request's head to its answer, by route (its pattern), method and status.",
      labelNames: ["method", "route", "status"],
      buckets: SECONDS,
      registers: [this.registry],
    });
    this.live = new Gauge({
      name: "http_live_answers",
      help: "Answers under way that go on until the caller leaves, by route.",
      labelNames: ["route"],
      registers: [this.registry],
    });
  }

  /** Counts an answer without end of its own. @returns ends it */
  beginLive(route: string): () => void {
    this.live.inc({ route });
    return () => this.live.dec({ route });
  }

  /** Counts a finished request. `route` is the pattern, never the path. */
  observeRequest(method: string, route: string, status: number, seconds: number): void {
    const key = `${method} ${route}`;
    let byStatus = this.observers.get(key);
    if (byStatus === undefined) this.observers.set(key, (byStatus = new Map<number, Observe>()));
    let observe = byStatus.get(status);
    if (observe === undefined) {
      observe = this.durations.labels(method, route, String(status)).observe;
      byStatus.set(status, observe);
    }
    observe(seconds);
  }

  /** A figure that rises and falls, read at each scrape. */
  gauge<Label extends string>(reading: Reading<Label>): void {
    new Gauge<string>({
      name: PREFIX + reading.name,
      help: reading.help,
      labelNames: reading.labels ?? [],
      registers: [this.registry],
      async collect() {
        const figures = await reading.read();
        this.reset();
        if (typeof figures === "number") this.set(figures);
        else for (const { labels, value } of figures) this.set(labels, value);
      },
    });
  }

  /** A figure that only rises and is counted elsewhere, read at each scrape. Its name ends in `_total`. */
  counter<Label extends string>(reading: Reading<Label>): void {
    new Counter<string>({
      name: PREFIX + reading.name,
      help: reading.help,
      labelNames: reading.labels ?? [],
      registers: [this.registry],
      async collect() {
        const figures = await reading.read();
        this.reset();
        if (typeof figures === "number") this.inc(figures);
        else for (const { labels, value } of figures) this.inc(labels, value);
      },
    });
  }

  /**
   * A histogram of times in seconds.
   * @returns counts one, given the values of the labels in order
   */
  times(name: string, help: string, labels: readonly string[]): (values: readonly string[], seconds: number) => void {
    const histogram = new Histogram<string>({
      name: PREFIX + name,
      help,
      labelNames: labels,
      buckets: SECONDS,
      registers: [this.registry],
    });
    const observers = new Map<string, Observe>();
    return (values, seconds) => {
      const key = values.length === 1 ? (values[0] ?? "") : values.join(" ");
      let observe = observers.get(key);
      if (observe === undefined) observers.set(key, (observe = histogram.labels(...values).observe));
      observe(seconds);
    };
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** Everything in Prometheus' text format. */
  expose(): Promise<string> {
    return this.registry.metrics();
  }
}
