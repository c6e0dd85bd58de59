/** The provider could not be reached or did not come back; the call is to be repeated under the same key. */
export class ProviderUnavailable extends Error {
  constructor(provider: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`the payment provider ${provider} is unavailable: ${why}`, { cause });
    this.name = "ProviderUnavailable";
  }
}

/** Is told what came of each call and how long it took, in seconds. */
export type ProviderTimes = (
  provider: string,
  operation: Calling["operation"],
  outcome: "approved" | "declined" | "pending" | "done" | "unavailable",
  seconds: number,
) => void;

/** How a provider is called. */
export interface Calling {
  readonly provider: string;
  readonly operation: "authorise" | "capture" | "void" | "refund";
  /** A call that does not come back within so many ms counts as failed: all other payments would wait behind it. */
  readonly patience: number;
  readonly times?: ProviderTimes | undefined;
}

/**
 * What a provider's call resolves with. Whatever it fails of is technical.
 * @throws ProviderUnavailable
 */
export async function called<T>(
  { provider, operation, patience, times }: Calling,
  call: () => Promise<T>,
  outcomeOf: (answer: T) => Parameters<ProviderTimes>[2] = () => "done",
): Promise<T> {
  const began = performance.now();
  let outcome: Parameters<ProviderTimes>[2] = "unavailable";
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patience} ms`)), patience);
  });
  try {
    const answer = await Promise.race([call(), overdue]);
    outcome = outcomeOf(answer);
    return answer;
  } catch (error) {
    throw new ProviderUnavailable(provider, error);
  } finally {
    clearTimeout(timer);
    times?.(provider, operation, outcome, (performance.now() - began) / 1000);
  }
}
