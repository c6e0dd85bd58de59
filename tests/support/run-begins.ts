import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Before the first test of a run: a folder for what is logged during it. */
export default function runBegins(): void {
  process.env["MILLRACE_TEST_LOGS"] ??= mkdtempSync(join(tmpdir(), "millrace-test-logs-"));
  // A run that is watched begins again after its end took the folder away.
  mkdirSync(process.env["MILLRACE_TEST_LOGS"], { recursive: true });
}
