/** A signal that comes again within this time, in ms, is the same one: npm passes on what the terminal sends as well. */
const SAME_REQUEST = 1_000;

/**
 * A process that is still there so long after it was asked to stop, in ms, ends as it is: less than the half minute
 * after which it would be killed. The time to drain comes on top.
 */
const STOPS_WITHIN = 20_000;

/**
 * Resolves with the reason when the process is asked to stop; a second request ends it at once.
 * @param drain ms that it goes on serving when it is to stop
 */
export function untilStopped(drain = 0): Promise<string> {
  return new Promise((resolve) => {
    let askedAt: number | undefined;
    const stop = (signal: string) => {
      if (askedAt !== undefined && Date.now() - askedAt > SAME_REQUEST) process.exit(130);
      if (askedAt === undefined) setTimeout(() => endAsItIs(signal), drain + STOPS_WITHIN).unref();
      askedAt ??= Date.now();
      resolve(signal);
    };
    process.on("SIGINT", () => stop("SIGINT"));
    process.on("SIGTERM", () => stop("SIGTERM"));
  });
}

/** What a process leaves open after its command, such as a connection to a store that is silent, holds it for so long. */
const LEFT_OPEN = 500;

/**
 * The command is over: the process ends by itself, or soon whatever is still open. Clients of stores cannot close what
 * the store's machine does not acknowledge.
 */
export function endSoon(): void {
  setTimeout(() => process.exit(), LEFT_OPEN).unref();
}

function endAsItIs(signal: string): never {
  process.stderr.write(
    `millrace: not all has ended ${STOPS_WITHIN / 1_000} s after ${signal}: the process ends as it is\n`,
  );
  process.exit(1);
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
