import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Settings } from "../infra/config";
import { type MasterKey, masterKey, type MasterKeys, newMasterKeyText } from "../infra/privacy";

/** Where a data folder keeps the master key that was made for it. Only its owner can read it. */
const FILE = "master-key";

type Chosen = Pick<Settings, "dataDir" | "masterKey" | "masterKeyFile" | "masterKeyPrevious">;

/** The master keys that the settings name, else the one of the data folder; `undefined` when there is none. */
export function masterKeysOf(chosen: Chosen): MasterKeys | undefined {
  const { masterKey: text, masterKeyFile, masterKeyPrevious = [], dataDir } = chosen;
  if (text !== undefined && masterKeyFile !== undefined)
    throw new Error("MASTER_KEY and MASTER_KEY_FILE are both set: one of them must go.");
  const previous = masterKeyPrevious.map((each) => masterKey(each, "MASTER_KEY_PREVIOUS"));
  const current = text === undefined ? fromFile(masterKeyFile ?? join(dataDir, FILE), masterKeyFile) : masterKey(text);
  return current && { current, previous };
}

/** The same; where there is none, one is made in the data folder. @param tell is told of it, in a line */
export function masterKeysFor(chosen: Chosen, tell: (line: string) => void): MasterKeys {
  const known = masterKeysOf(chosen);
  if (known) return known;
  const path = join(chosen.dataDir, FILE);
  const text = newMasterKeyText();
  mkdirSync(chosen.dataDir, { recursive: true });
  writeFileSync(path, `${text}\n`, { mode: 0o600, flag: "wx" });
  chmodSync(path, 0o600);
  tell(`a master key was made in ${path}: keep a copy, since without it nobody can read personal data`);
  return { current: masterKey(text), previous: [] };
}

/** @throws where a part that reads or writes personal data has no master key */
export function masterKeysNeeded(chosen: Chosen, what: string): MasterKeys {
  const known = masterKeysOf(chosen);
  if (known) return known;
  throw new Error(
    `${what} needs the shop's master key: set MASTER_KEY or MASTER_KEY_FILE (a data folder has it in ${FILE}).`,
  );
}

function fromFile(path: string, named: string | undefined): MasterKey | undefined {
  try {
    return masterKey(readFileSync(path, "utf8"), path);
  } catch (error) {
    if (named === undefined && (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
