/** Resolves after a while, or at once when the signal fires. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}

/**
 * Exponential back-off with full jitter: a random time up to `base × 2^attempt`, at most `cap` ms. A store that was
 * killed is back within seconds, and readers wait for those who wait for it.
 */
export function backoff(attempt: number, base = 50, cap = 1_000): number {
  return Math.random() * Math.min(cap, base * 2 ** attempt);
}

/** What is promised, or something else when that takes longer than `ms`, or fails. */
export async function orElse<T, Else>(promise: Promise<T>, ms: number, otherwise: Else): Promise<T | Else> {
  const late = new AbortController();
  try {
    return await Promise.race([promise.catch(() => otherwise), pause(ms, late.signal).then(() => otherwise)]);
  } finally {
    late.abort();
  }
}
