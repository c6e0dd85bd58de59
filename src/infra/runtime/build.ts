import { type Consumer } from "./consumer";
import { type ConsumerState, type ConsumerStatus } from "./consumer-state";
import { type Lag } from "./backlog";
import { type Layout, type Part } from "./partitions";

/** One collection of a read model as it is written: a consumer for each of its partitions. */
export class Build {
  readonly consumers: readonly Consumer[];

  constructor(
    readonly target: string,
    readonly layout: Layout,
    consumer: (part: Part) => Consumer,
  ) {
    this.consumers = Array.from({ length: layout.count }, (_, index) => consumer({ ...layout, index }));
  }

  start(): void {
    for (const consumer of this.consumers) consumer.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.stop()));
  }

  /** Commits without pause as long as somebody waits. Returns the way to stop waiting. */
  hurry(): () => void {
    const releases = this.consumers.map((consumer) => consumer.hurry());
    return () => releases.forEach((release) => release());
  }

  /** Whether this process writes the partition; all of them when none is named. */
  leads(partition?: number): boolean {
    if (partition === undefined) return this.consumers.every(({ holdsLease }) => holdsLease);
    return this.consumers[partition]?.holdsLease ?? false;
  }

  get states(): readonly ConsumerState[] {
    return this.consumers.map(({ state }) => state);
  }
}

/** What is worst comes first. */
const WORST_FIRST: readonly ConsumerStatus[] = [
  "failed",
  "outdated",
  "reconnecting",
  "catching-up",
  "starting",
  "waiting",
  "live",
  "stopped",
];

/** Several partitions taken together: as far as the last, as bad as the worst. */
export function together(states: readonly ConsumerState[]): ConsumerState {
  const [first, ...others] = states;
  if (!first) throw new Error("a read model has one partition at least");
  if (others.length === 0) return first;
  const statuses = states.map(({ status }) => status);
  const error = (states.find(({ status }) => status === "failed") ?? states.find((state) => state.error))?.error;
  return {
    status: WORST_FIRST.find((status) => statuses.includes(status)) ?? first.status,
    position: states.map(({ position }) => position).reduce((a, b) => (a < b ? a : b)),
    lag: lagOf(states.map(({ lag }) => lag)),
    retries: states.reduce((sum, { retries = 0 }) => sum + retries, 0),
    ...(error && { error }),
  };
}

/** What is known of it: partitions that other processes work on are left out. */
function lagOf(lags: readonly Lag[]): Lag {
  const most = (values: readonly (number | null)[]): number | null =>
    values.reduce((a, b) => (a === null ? b : b === null ? a : Math.max(a, b)), null);
  return { events: most(lags.map(({ events }) => events)), seconds: most(lags.map(({ seconds }) => seconds)) };
}
