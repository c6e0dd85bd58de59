/** The provider could not be reached or did not come back; the call is to be repeated under the same key. */
export class ProviderUnavailable extends Error {
  constructor(provider: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`the payment provider ${provider} is unavailable: ${why}`, { cause });
    this.name = "ProviderUnavailable";
  }
}

/**
 * What a provider's call resolves with. Whatever it fails of is technical; a call that does not come back within
 * `patience` ms counts as failed, since all other payments would wait behind it.
 * @throws ProviderUnavailable
 */
export async function called<T>(provider: string, call: () => Promise<T>, patience: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patience} ms`)), patience);
  });
  try {
    return await Promise.race([call(), overdue]);
  } catch (error) {
    throw new ProviderUnavailable(provider, error);
  } finally {
    clearTimeout(timer);
  }
}
