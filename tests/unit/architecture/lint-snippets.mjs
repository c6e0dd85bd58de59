import { text } from "node:stream/consumers";
import { ESLint } from "eslint";
import tseslint from "typescript-eslint";

/*
 * Reads `[{ file, code }, …]` as JSON from standard input, lints each as if it were that file under the project's own
 * configuration, and writes the messages of each. Without type information: the files do not exist. A process of its
 * own because ESLint loads its configuration by a dynamic import, which the test runner's sandbox has not.
 */
const ARCHITECTURE = /^(boundaries\/|no-restricted-)/;

const eslint = new ESLint({
  overrideConfig: [{ files: ["**/*.ts"], ...tseslint.configs.disableTypeChecked }],
  ruleFilter: ({ ruleId }) => ARCHITECTURE.test(ruleId),
});

const answers = [];
for (const { file, code } of JSON.parse(await text(process.stdin))) {
  const [result] = await eslint.lintText(code, { filePath: file });
  answers.push(result.messages.map(({ ruleId, message }) => `${ruleId ?? "fatal"}: ${message}`));
}
process.stdout.write(JSON.stringify(answers));
