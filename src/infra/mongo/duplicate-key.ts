const DUPLICATE_KEY = 11_000;

/** Whether MongoDB refused a document since another has its key. */
export const isDuplicateKey = (error: unknown): boolean =>
  (error as { readonly code?: unknown } | undefined)?.code === DUPLICATE_KEY;
