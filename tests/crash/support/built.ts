import { existsSync, readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";

const ROOT = join(__dirname, "..", "..", "..");
const SOURCES = join(ROOT, "src");

/**
 * The compiled program. These tests kill whole processes, and processes run what was built.
 * @throws naming a source that was changed since
 */
export function builtProgram(): string {
  const program = join(ROOT, "dist", "main.js");
  if (!existsSync(program)) throw new Error("There is no dist/main.js: run `npm run build` first.");
  for (const entry of readdirSync(SOURCES, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(".ts")) continue;
    const source = join(entry.parentPath, entry.name);
    const compiled = join(ROOT, "dist", relative(SOURCES, source)).replace(/\.ts$/, ".js");
    if (!existsSync(compiled) || statSync(compiled).mtimeMs < statSync(source).mtimeMs)
      throw new Error(
        `dist is older than ${relative(ROOT, source)}: run \`npm run build\` first ` +
          "(delete dist before it, should nothing but the file's time have changed).",
      );
  }
  return program;
}
