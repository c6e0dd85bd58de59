/*
 * `npm test` for `.ci/run`: the whole suite, then its failed files once more, one after another.
 * The suite runs real stores, kills processes and looks at clocks, on machines that do other work beside it. A file
 * that fails alone as well has found something; one that then passes is named as unsteady, which is a defect of the test
 * (or a race in what it tests) to be mended, but no reason to refuse a change that has nothing to do with it.
 * More than MANY failed files are never run again: that is no unsteadiness.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

const MANY = 3;

const folder = mkdtempSync(join(tmpdir(), "millrace-ci-"));

/** Runs jest by `npm test`; undefined where it ended without a report. */
function run(name, args) {
  const path = join(folder, `${name}.json`);
  spawnSync("npm", ["test", "--", "--ci", "--json", `--outputFile=${path}`, ...args], { stdio: "inherit" });
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

const failed = (report) => report.numFailedTests + report.numRuntimeErrorTestSuites;

const first = run("first", process.argv.slice(2));
let passed = first?.numPassedTests ?? 0;
let failures = first === undefined ? 1 : failed(first);
if (first !== undefined && failures > 0) {
  const files = first.testResults.filter(({ status }) => status === "failed").map(({ name }) => name);
  const again = files.length <= MANY ? run("again", ["--runInBand", "--runTestsByPath", ...files]) : undefined;
  if (again !== undefined) {
    passed += again.numPassedTests - first.testResults.filter(({ name }) => files.includes(name)).flatMap(({ assertionResults }) => assertionResults).filter(({ status }) => status === "passed").length; // prettier-ignore
    failures = failed(again);
    for (const { name, status } of again.testResults)
      if (status === "passed")
        process.stdout.write(`unsteady, passed when run again: ${relative(process.cwd(), name)}\n`);
  }
}
rmSync(folder, { recursive: true, force: true });
process.stdout.write(`${passed} passed, ${failures} failed\n`);
process.exit(failures === 0 && passed > 0 ? 0 : 1);
