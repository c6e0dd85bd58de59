/** A signal that comes again within this time, in ms, is the same one: npm passes on what the terminal sends as well. */
const SAME_REQUEST = 1_000;

/** Resolves with the reason when the process is asked to stop; a second request ends it at once. */
export function untilStopped(): Promise<string> {
  return new Promise((resolve) => {
    let askedAt: number | undefined;
    const stop = (signal: string) => {
      if (askedAt !== undefined && Date.now() - askedAt > SAME_REQUEST) process.exit(130);
      askedAt ??= Date.now();
      resolve(signal);
    };
    process.on("SIGINT", () => stop("SIGINT"));
    process.on("SIGTERM", () => stop("SIGTERM"));
  });
}

/** A port number from a flag. @throws when it is none */
export function portFlag(value: string | boolean | undefined, standard: number): number {
  return value === undefined ? standard : wholeFlag("--port", value, 0, 65_535);
}

/** A whole number from a flag. @throws naming the flag and what it may be */
export function wholeFlag(name: string, value: string | boolean | undefined, least: number, most: number): number {
  const number = Number(value);
  if (typeof value !== "string" || !/^\d+$/.test(value) || number < least || number > most)
    throw new Error(`${name} must be a whole number from ${least} to ${most}, not ${String(value)}`);
  return number;
}
