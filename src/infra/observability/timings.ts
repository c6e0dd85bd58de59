import { type Metrics } from "./metrics";

/** Is told how long the stores and the payment providers took, in seconds, and how it ended. */
export interface Timings {
  append(outcome: "written" | "conflict" | "failed", seconds: number): void;
  /** @param operation a command of MongoDB, such as `find` */
  database(operation: string, outcome: "done" | "failed", seconds: number): void;
  provider(provider: string, operation: string, outcome: string, seconds: number): void;
}

/** Commands of MongoDB that are told apart; all the others are one. */
const OPERATIONS: ReadonlySet<string> = new Set([
  "find",
  "aggregate",
  "insert",
  "update",
  "delete",
  "findAndModify",
  "count",
  "getMore",
  "commitTransaction",
  "abortTransaction",
]);

/** Counts times into figures. */
export function timingsOf(metrics: Metrics): Timings {
  const append = metrics.times("append_duration_seconds", "Time of an append to the log, by how it ended.", [
    "outcome",
  ]);
  const database = metrics.times(
    "mongo_command_duration_seconds",
    "Time of a command to MongoDB, by kind and how it ended; `getMore` often waits for news.",
    ["operation", "outcome"],
  );
  const provider = metrics.times(
    "payment_provider_duration_seconds",
    "Time of a call to a payment provider, by what was asked and what it answered.",
    ["provider", "operation", "outcome"],
  );
  return {
    append: (outcome, seconds) => append([outcome], seconds),
    database: (operation, outcome, seconds) =>
      database([OPERATIONS.has(operation) ? operation : "other", outcome], seconds),
    provider: (...labels) => provider(labels.slice(0, 3) as string[], labels[3]),
  };
}
