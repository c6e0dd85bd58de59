/**
 * Runs tasks in their order, at most `limit` at once: the next begins when one ends. A task that fails, or the signal,
 * keeps further ones from beginning; those under way are waited for, so that nothing goes on behind the caller's back.
 * @throws the first failure, or the signal's reason
 */
export async function inFlight<T>(
  items: Iterable<T>,
  limit: number,
  task: (item: T) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  let failure: { readonly error: unknown } | undefined;
  const work = async (): Promise<void> => {
    while (failure === undefined && !signal?.aborted) {
      const next = iterator.next();
      if (next.done) return;
      try {
        await task(next.value);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, work));
  if (failure !== undefined) throw (failure as { readonly error: unknown }).error;
  signal?.throwIfAborted();
}
