import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { collect } from "./collected-logs";

const MAIN = join(__dirname, "../../dist/main.js");

/** A command of the built program as a process of its own, with all that it says. */
export interface Program {
  readonly child: ChildProcess;
  /** Standard output so far. */
  out(): string;
  err(): string;
  /** Resolves with the exit code (a signal counts as −1). */
  readonly ended: Promise<number>;
  /** As Ctrl-C does. */
  interrupt(): Promise<number>;
}

/**
 * @param env beside what a shell has; nothing that the tests' own environment sets for the program
 * @param main of another release
 */
export function run(args: readonly string[], env: NodeJS.ProcessEnv = {}, main = MAIN): Program {
  if (!existsSync(main)) throw new Error("The program is not built: npm run build.");
  const { PATH, HOME, TMPDIR } = process.env;
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH, HOME, ...(TMPDIR !== undefined && { TMPDIR }), ...env },
  });
  let out = "";
  let err = "";
  const [keepOut, keepErr] = [collect("out"), collect("log")];
  child.stdout.on("data", (text: Buffer) => {
    keepOut(text);
    out += text.toString();
  });
  child.stderr.on("data", (text: Buffer) => {
    keepErr(text);
    err += text.toString();
  });
  const ended = new Promise<number>((resolve) => child.once("close", (code) => resolve(code ?? -1)));
  return {
    child,
    out: () => out,
    err: () => err,
    ended,
    interrupt() {
      child.kill("SIGINT");
      return ended;
    },
  };
}
