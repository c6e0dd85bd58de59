import { setTimeout as pause } from "node:timers/promises";
import { MongoError, MongoErrorLabel, type ClientSession } from "mongodb";

/** How long a transaction is tried again where nothing else is said, in ms. */
const PATIENCE = 5_000;
/** Longest pause between two attempts, in ms. */
const LONGEST_PAUSE = 200;

/**
 * Does the work in a transaction, and again where the database says that this may help. The driver's own
 * `withTransaction` goes on for two minutes, in which nobody hears that the database is away, and nothing can be stopped.
 * What is given up may have been committed: whoever asks looks at what is stored before going on.
 */
export async function inTransaction<T>(
  session: ClientSession,
  work: () => Promise<T>,
  patience = PATIENCE,
): Promise<T> {
  const deadline = performance.now() + patience;
  const helps = (error: unknown, label: string) =>
    error instanceof MongoError && error.hasErrorLabel(label) && performance.now() < deadline;
  for (let attempt = 0; ; attempt++) {
    if (attempt > 0) await pause(Math.random() * Math.min(LONGEST_PAUSE, 5 * 1.5 ** attempt));
    session.startTransaction();
    let result: T;
    try {
      result = await work();
    } catch (error) {
      if (session.inTransaction()) await session.abortTransaction().catch(() => undefined); // it lapses
      if (helps(error, MongoErrorLabel.TransientTransactionError)) continue;
      throw error;
    }
    const failure = await commit(session, (error) => helps(error, MongoErrorLabel.UnknownTransactionCommitResult));
    if (!failure) return result;
    if (!helps(failure.error, MongoErrorLabel.TransientTransactionError)) throw failure.error;
  }
}

/** A commit may be repeated: the database does it once. @returns why it could not be made */
async function commit(
  session: ClientSession,
  helps: (error: unknown) => boolean,
): Promise<{ readonly error: unknown } | undefined> {
  for (;;) {
    try {
      await session.commitTransaction();
      return undefined;
    } catch (error) {
      if (!helps(error)) return { error };
    }
  }
}
