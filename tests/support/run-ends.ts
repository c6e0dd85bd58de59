import { rmSync } from "node:fs";
import { leaksUnder } from "./secrets-in-logs";

/** After the last test of a run: what was logged during it is looked through. @throws when there is a secret in it */
export default function runEnds(): void {
  const folder = process.env["MILLRACE_TEST_LOGS"];
  if (folder === undefined) return;
  const leaks = leaksUnder(folder);
  rmSync(folder, { recursive: true, force: true });
  if (leaks.length === 0) return;
  const told = leaks.slice(0, 20).map(({ file, line, what, around }) => `${file}:${line} has ${what}: ${around}`);
  throw new Error(`${leaks.length} secrets were logged during the run.\n${told.join("\n")}`);
}
