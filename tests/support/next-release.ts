import { appendFileSync, cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(__dirname, "../..");

/** The built program of a release to come. */
export interface Release {
  /** To be run by node. */
  readonly main: string;
  remove(): void;
}

/** What is different in it: the end of modules of the built program, by their paths. */
export type Changes = Readonly<Record<string, string>>;

/** A copy of the built program with changes, which runs beside it. */
export function nextRelease(changes: Changes): Release {
  const folder = mkdtempSync(join(tmpdir(), "millrace-next-"));
  cpSync(join(ROOT, "dist"), join(folder, "dist"), { recursive: true });
  cpSync(join(ROOT, "package.json"), join(folder, "package.json"));
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  for (const [path, code] of Object.entries(changes)) appendFileSync(join(folder, "dist", path), `\n${code}\n`);
  return { main: join(folder, "dist/main.js"), remove: () => rmSync(folder, { recursive: true, force: true }) };
}
