/** The driver's errors that mean "not reachable at present", by name: who asks need not know the driver. */
const AWAY = new Set([
  "MongoServerSelectionError",
  "MongoNetworkError",
  "MongoNetworkTimeoutError",
  "MongoNotConnectedError",
  "MongoPoolClearedError",
  "MongoPoolClosedError",
  "MongoTopologyClosedError",
  "MongoWaitQueueTimeoutError",
]);

/**
 * What a server answers that goes or comes: ShutdownInProgress, PrimarySteppedDown, NotWritablePrimary,
 * InterruptedAtShutdown, InterruptedDueToReplStateChange, NotPrimaryNoSecondaryOk, NotPrimaryOrSecondary.
 */
const GOING = new Set<unknown>([91, 189, 10_107, 11_600, 11_602, 13_435, 13_436]);

interface DriverError {
  readonly code?: unknown;
  readonly errorResponse?: unknown;
  readonly hasErrorLabel?: (label: string) => boolean;
}

/** Whether the database could not be reached, or is just changing hands: the same may succeed the next time. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error) || !error.name.startsWith("Mongo")) return false;
  const driverError = error as DriverError;
  if (AWAY.has(error.name) || GOING.has(driverError.code)) return true;
  // Where several documents are written, the driver hides what has happened to their connection in an error of its own.
  if (error.name === "MongoBulkWriteError" && isDatabaseAway(driverError.errorResponse)) return true;
  return ["RetryableWriteError", "TransientTransactionError"].some((label) => driverError.hasErrorLabel?.(label));
}
