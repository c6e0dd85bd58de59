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

/** Runs jest by `npm test`: what came of each file, and whether the run as a whole was in order. */
function run(name, args) {
  const path = join(folder, `${name}.json`);
  const { status } = spawnSync("npm", ["test", "--", "--ci", "--json", `--outputFile=${path}`, ...args], {
    stdio: "inherit",
  });
  try {
    return { files: JSON.parse(readFileSync(path, "utf8")).testResults, inOrder: status === 0 };
  } catch {
    return { files: [], inOrder: false }; // ended without a report
  }
}

const isFailed = ({ status }) => status === "failed";
const countOf = (file, status) => file.assertionResults.filter((test) => test.status === status).length;
const sum = (files, count) => files.reduce((total, file) => total + count(file), 0);

const first = run("first", process.argv.slice(2));
const failed = first.files.filter(isFailed).map(({ name }) => name);
const again =
  failed.length > 0 && failed.length <= MANY
    ? run("again", ["--runInBand", "--runTestsByPath", ...failed])
    : { files: [], inOrder: first.inOrder };
rmSync(folder, { recursive: true, force: true });

const unsteady = new Map(again.files.filter((file) => !isFailed(file)).map((file) => [file.name, file]));
for (const name of unsteady.keys())
  process.stdout.write(`unsteady, passed when run again: ${relative(process.cwd(), name)}\n`);
const files = first.files.map((file) => unsteady.get(file.name) ?? file);
const passed = sum(files, (file) => countOf(file, "passed"));
// A file can fail without a test that does: it does not load, say. And a run can without a file that does.
const failures = sum(files.filter(isFailed), (file) => Math.max(1, countOf(file, "failed"))) || (again.inOrder ? 0 : 1);
process.stdout.write(`${passed} passed, ${failures} failed\n`);
process.exit(failures === 0 && passed > 0 ? 0 : 1);
