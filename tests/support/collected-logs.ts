import { openSync, writeSync } from "node:fs";
import { basename, join } from "node:path";
import { createLogger, type Logger } from "../../src/infra/observability";

/** The folder that this run's logs are kept in until its end; without it nothing is kept. */
export const LOGS_FOLDER = "MILLRACE_TEST_LOGS";

let files = 0;

/**
 * Keeps what one process says, under the name of the test that started it, to be looked through when all is over.
 * @param ending `log`: nothing secret may be in it; `out`: what a command answers, which may show what it made
 */
export function collect(ending: "log" | "out" = "log"): (text: string | Uint8Array) => void {
  const folder = process.env[LOGS_FOLDER];
  if (folder === undefined) return () => undefined;
  const test = basename(expect.getState().testPath ?? "none", ".test.ts");
  const path = join(folder, `${test}.${process.pid}.${++files}.${ending}`);
  let file: number | undefined;
  return (text) => {
    file ??= openSync(path, "a");
    if (typeof text === "string") writeSync(file, text);
    else writeSync(file, text);
  };
}

/** The log of a part that runs in the test's own process. */
export const collectedLog = (): Logger => createLogger({ level: "debug", destination: { write: collect() } });
