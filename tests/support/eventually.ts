/** ms between two polls: what comes soon is seen soon, what takes long is not kept from it by being asked for. */
const FIRST = 5;
const LAST = 50;

/** Polls until `probe` answers something truthy (or stops throwing); fails with the last answer after `timeout` ms. */
export async function eventually<T>(probe: () => T | Promise<T>, timeout = 15_000): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeout;
  for (let wait = FIRST; ; wait = Math.min(LAST, wait * 1.3)) {
    let last: unknown;
    try {
      const answer = await probe();
      if (answer) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline)
      throw last instanceof Error ? last : new Error(`still ${String(last)} after ${timeout} ms`);
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}
