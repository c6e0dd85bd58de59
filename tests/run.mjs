/* `npm test`: jest; with `--context <name>` only the tests of that bounded context. */
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { CONTEXTS, patternsOf } from "./contexts.mjs";

const args = [];
let context;
const given = process.argv.slice(2);
for (let i = 0; i < given.length; i++) {
  const [, inline] = /^--context=(.*)$/.exec(given[i]) ?? [];
  if (inline !== undefined) context = inline;
  else if (given[i] === "--context") context = given[++i] ?? "";
  else args.push(given[i]);
}
if (context !== undefined && !CONTEXTS.includes(context)) {
  process.stderr.write(`There is no context "${context}", but ${CONTEXTS.join(", ")}.\n`);
  process.exit(1);
}
const chosen = context === undefined ? [] : patternsOf(context);
const { status } = spawnSync(
  process.execPath,
  [createRequire(import.meta.url).resolve("jest/bin/jest"), ...args, ...chosen],
  { stdio: "inherit", env: { ...process.env, ...(context !== undefined && { MILLRACE_TEST_CONTEXT: context }) } },
);
process.exit(status ?? 1);
