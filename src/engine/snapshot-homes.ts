import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Context } from "./context";

/**
 * In which context's database a process keeps snapshots of streams, by their category: the owner's, where it may open
 * that; else its own, where it commands them.
 */
export function snapshotHomes(contexts: readonly Context[], own: readonly Context[]) {
  const homes = new Map<string, string>();
  for (const { name, commands = [] } of own) for (const category of commands) homes.set(category, name);
  for (const { name, aggregates } of contexts) {
    if (!own.some((each) => each.name === name)) continue;
    for (const { category } of aggregates) homes.set(category, name);
  }
  return (category: string): string | undefined => homes.get(category);
}

/**
 * A fingerprint of all code that decides and evolves. Whatever is changed there, snapshots made before are as if they
 * were not there, also where nobody thought of raising their version.
 */
export function codeFingerprint(folder = join(__dirname, "..", "domains")): string {
  const hash = createHash("sha1");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
    /(?<!\.d)\.[jt]s$/.test(file),
  );
  for (const file of files.sort()) hash.update(file).update(readFileSync(join(folder, file)));
  return hash.digest("base64url");
}
