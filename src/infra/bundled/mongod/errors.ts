/** A mongod that cannot be found, fetched or run; the message is one sentence for the person at the terminal. */
export class MongodError extends Error {
  override readonly name = "MongodError";
}

/** Where these modules tell what they do: one line a call, no line breaks. */
export type Log = (line: string) => void;

/** What went wrong, on one line: messages of libraries and programs often span several. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replace(/\s+/g, " ").trim().slice(0, 300);
}
