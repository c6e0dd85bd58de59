import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { contextsOf } from "../../../src/engine/contexts";

/* `npm test -- --context <name>`. */

const TESTS = join(__dirname, "../..");
const files = readdirSync(TESTS, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".test.ts"));

/** What tests/contexts.mjs says; it is a module that jest does not load. */
const said = JSON.parse(
  execFileSync(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `import * as m from ${JSON.stringify(join(TESTS, "contexts.mjs"))};
       const files = ${JSON.stringify(files)};
       console.log(JSON.stringify({
         contexts: m.CONTEXTS,
         patterns: Object.fromEntries(m.CONTEXTS.map((context) => [context, m.patternsOf(context)])),
         contracts: m.CONTRACTS,
         owners: files.map((file) => [file, m.contextOf(file)]),
       }));`,
    ],
    { encoding: "utf8" },
  ),
) as {
  readonly contexts: readonly string[];
  readonly patterns: Readonly<Record<string, readonly string[]>>;
  readonly contracts: readonly string[];
  readonly owners: readonly (readonly [string, string])[];
};

test("every context can be tested alone", () => {
  expect(new Set(said.contexts)).toEqual(
    new Set([...contextsOf({ paymentTimeout: 60 }).map(({ name }) => name), "operations"]),
  );
});

test("each context runs its own tests and its contracts, and nothing else", () => {
  for (const context of said.contexts) {
    const patterns = said.patterns[context]?.map((pattern) => new RegExp(pattern)) ?? [];
    const run = files.filter((file) => patterns.some((pattern) => pattern.test(`/tests/${file}`)));
    const own = said.owners.flatMap(([file, owner]) => (owner === context ? [file] : []));
    const contracts = files.filter((file) => said.contracts.some((path) => file.startsWith(path)));
    expect(run.toSorted()).toEqual([...own, ...contracts].toSorted());
  }
});

test("tests of deciders and read models are a context's, never the whole's", () => {
  const whole = said.owners.flatMap(([file, owner]) => (owner === "whole" ? [file] : []));
  const pure = whole.filter((file) => /^unit\/(?:domains|projections)\/\w+\//.test(file));
  expect(pure.filter((file) => !file.startsWith("unit/domains/kernel/"))).toEqual([]);
});

test("a context that there is not is named with those that there are", () => {
  const { status, stderr } = spawnSync(process.execPath, [join(TESTS, "run.mjs"), "--context", "basket"], {
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([1, `There is no context "basket", but ${said.contexts.join(", ")}.\n`]);
});
