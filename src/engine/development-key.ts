import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isApiKey } from "../infra/security";
import { type MongoApiKeys } from "./api-keys";

/** Where the development shop keeps its key, so that the examples work when pasted. Only its owner can read it. */
const FILE = "development-key";

/** The development key of a data folder, if it has one. */
export async function readDevelopmentKey(folder: string): Promise<string | undefined> {
  try {
    const key = (await readFile(join(folder, FILE), "utf8")).trim();
    return isApiKey(key) ? key : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** The key with every role that the shop on a data folder is given at its first start. */
export async function developmentKey(folder: string, keys: MongoApiKeys): Promise<string> {
  const kept = await readDevelopmentKey(folder);
  if (kept !== undefined) {
    await keys.put(kept, "development", ["admin"]);
    return kept;
  }
  const key = await keys.create("development", ["admin"]);
  await writeFile(join(folder, FILE), `${key}\n`, { mode: 0o600 });
  return key;
}
