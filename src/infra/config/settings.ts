import { readFileSync } from "node:fs";
import { type z } from "zod";
import { type Definition, DEFINITIONS } from "./definitions";

type Definitions = typeof DEFINITIONS;
export type SettingName = keyof Definitions;

/** The engine's settings, checked. */
export type Settings = { readonly [Name in SettingName]: z.output<Definitions[Name]["schema"]> };

/** Settings that cannot be used: one sentence for each, naming flag, variable, value and what is allowed. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/** Settings that name a file themselves. */
const OF_THEIR_OWN: ReadonlySet<string> = new Set(Object.values(DEFINITIONS).map(({ env }) => env));
const NAMES = Object.keys(DEFINITIONS) as SettingName[];

/** Reads what a file says. @throws when it cannot be read */
export type ReadText = (path: string) => string;

/**
 * The settings: a flag goes before its environment variable, that before the standard value; an empty variable is as
 * good as none. `<variable>_FILE` names a file that has the value, so that a secret stands in no list of processes and
 * in nobody's environment. Flags that are no settings are passed over.
 * @throws SettingsError
 */
export function settings(
  env: Readonly<Record<string, string | undefined>>,
  flags: Readonly<Record<string, unknown>> = {},
  read: ReadText = (path) => readFileSync(path, "utf8"),
): Settings {
  const chosen: Record<string, unknown> = {};
  const faults: string[] = [];
  const said = (variable: string): string | undefined => {
    const path = env[`${variable}_FILE`];
    if (!path || OF_THEIR_OWN.has(`${variable}_FILE`)) return env[variable];
    if (env[variable]) faults.push(`${variable} and ${variable}_FILE are both set: one of them must go.`);
    try {
      return read(path).trim();
    } catch (error) {
      faults.push(`${variable}_FILE cannot be read: ${(error as Error).message}`);
      return undefined;
    }
  };
  for (const name of NAMES) {
    const definition: Definition = DEFINITIONS[name];
    const flag = definition.flag === undefined ? undefined : flags[definition.flag];
    const given = flag === undefined ? said(definition.env) || definition.standard : String(flag);
    const result = definition.schema.safeParse(given);
    if (result.success) chosen[name] = result.data;
    else faults.push(fault(definition, given, flag !== undefined));
  }
  if (faults.length > 0) throw new SettingsError(faults.join("\n"));
  // Every name has been given the output of its own schema.
  return chosen as Settings;
}

function fault(definition: Definition, given: string | undefined, byFlag: boolean): string {
  const { env, flag, allowed, secret } = definition;
  const value = secret ? "the value given" : JSON.stringify(given?.replace(/\/\/[^/@]*@/, "//…@"));
  const [source, other] = byFlag ? [`--${flag}`, env] : [env, flag && `--${flag}`];
  return `${source}${other ? ` (or ${other})` : ""} cannot be ${value}: it must be ${allowed}.`;
}

/** One line of the table of settings. */
export interface SettingRow {
  readonly env: string;
  readonly flag: string | undefined;
  readonly standard: string | undefined;
  readonly allowed: string;
  readonly meaning: string;
}

/** All settings, for the documentation. */
export const settingsTable: readonly SettingRow[] = NAMES.map((name) => {
  const { env, flag, standard, allowed, meaning }: Definition = DEFINITIONS[name];
  return { env, flag: flag && `--${flag}`, standard, allowed, meaning };
});

/** The table of settings in Markdown. */
export function settingsMarkdown(): string {
  const rows = settingsTable.map(({ env, flag, standard, allowed, meaning }) => [
    `\`${env}\``,
    flag ? `\`${flag}\`` : "",
    standard ? `\`${standard}\`` : "not set",
    `${meaning}: ${allowed}`,
  ]);
  const lines = [["Environment", "Flag", "Standard", "What it is, and may be"], ["---", "---", "---", "---"], ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}
