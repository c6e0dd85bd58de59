/**
 * What was asked for, for so many ms: who asks meanwhile gets the same answer, and waits for it with the others. A
 * failure is not kept.
 */
export function keptFor<T>(ms: number, ask: () => Promise<T>): () => Promise<T> {
  let kept: { readonly until: number; readonly answer: Promise<T> } | undefined;
  return () => {
    if (kept && performance.now() < kept.until) return kept.answer;
    const answer = ask();
    kept = { until: performance.now() + ms, answer };
    answer.catch(() => {
      if (kept?.answer === answer) kept = undefined;
    });
    return answer;
  };
}

/** The same for good, once it has been done. */
export const onceDone = <T>(work: () => Promise<T>): (() => Promise<T>) => keptFor(Infinity, work);
