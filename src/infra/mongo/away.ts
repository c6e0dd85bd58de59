import {
  MongoBulkWriteError,
  MongoError,
  MongoNetworkError,
  MongoNotConnectedError,
  MongoServerSelectionError,
} from "mongodb";

/** Whether the database could not be reached, or is just changing hands: the same may succeed the next time. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof MongoError)) return false;
  // Where several documents are written, the driver hides what has happened to their connection in an error of its own.
  if (error instanceof MongoBulkWriteError && isDatabaseAway(error.errorResponse)) return true;
  const lost = [MongoNetworkError, MongoServerSelectionError, MongoNotConnectedError];
  if (lost.some((kind) => error instanceof kind)) return true;
  return error.hasErrorLabel("RetryableWriteError") || error.hasErrorLabel("TransientTransactionError");
}
