import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ShopClient } from "../tools/http";
import { readRunRecord } from "./data-folder";

/** Where the key of the development shop is kept. */
const KEY_FILE = "development-key";

/** A shop that other commands can speak to. */
export interface RunningShop {
  readonly url: string;
  /** A back-office key; `undefined` when none is known. */
  readonly key: string | undefined;
}

export interface ShopFlags {
  readonly url?: string | boolean | undefined;
  readonly key?: string | boolean | undefined;
}

/** The shop that the flags name, else the one that runs on the data folder. @throws naming a flag that cannot be used */
export function runningShop(dataDir: string, flags: ShopFlags): RunningShop | undefined {
  const url = typeof flags.url === "string" ? checkedUrl(flags.url) : readRunRecord(dataDir)?.url;
  if (url === undefined || url === "") return undefined;
  return { url, key: typeof flags.key === "string" ? flags.key : developmentKey(dataDir) };
}

/** The key of the development shop that was made in the data folder, if any. */
export function developmentKey(dataDir: string): string | undefined {
  try {
    return readFileSync(join(dataDir, KEY_FILE), "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}

/** @throws when a shop was found but no key to its back office */
export function keyOf({ url, key }: RunningShop, dataDir: string): string {
  if (key !== undefined) return key;
  throw new Error(
    `A back-office key for ${url} is needed: name it with --key (there is no ${join(dataDir, KEY_FILE)} to read).`,
  );
}

/** How long a shop may take to give a sign of life, in ms. */
const FIRST_PATIENCE = 3_000;

/** @throws when nothing answers there: better said at once than after a long wait */
export async function expectAnswer({ url }: RunningShop): Promise<void> {
  const client = new ShopClient({ url, connections: 1, patience: FIRST_PATIENCE });
  try {
    await client.send({ method: "GET", path: "/health/live", kind: "look", statusOnly: true });
  } catch (error) {
    throw new Error(`No shop answers at ${url}: ${(error as Error).message}`, { cause: error });
  } finally {
    await client.close();
  }
}

function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.pathname !== "/" || url.search !== "")
    throw new Error(`--url must be an address such as http://127.0.0.1:8080, not ${text}`);
  return url.origin;
}
