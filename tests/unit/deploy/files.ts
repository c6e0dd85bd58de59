import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";

const ROOT = join(__dirname, "../../..");

export const textOf = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** Files in a folder and its folders whose names end so. */
export const filesIn = (folder: string, ...endings: readonly string[]): readonly string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => endings.some((ending) => name.endsWith(ending)))
    .map((name) => `${folder}/${name}`)
    .toSorted();

/** The documents of a YAML file. @throws naming file and fault */
export function documentsOf(path: string): readonly unknown[] {
  return parseAllDocuments(textOf(path), { merge: true }).map((document) => {
    const [fault] = document.errors;
    if (fault) throw new Error(`${path}: ${fault.message}`);
    return document.toJS({ maxAliasCount: -1 }) as unknown;
  });
}

/** The one document of a YAML or JSON file. */
export const documentOf = <T>(path: string): T => documentsOf(path)[0] as T;

export interface ComposeService {
  readonly profiles: readonly string[];
  readonly user?: string;
  readonly command?: readonly string[];
  readonly image: string;
  readonly read_only?: boolean;
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}
export interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
}

export interface ChartService {
  readonly args: readonly string[];
  readonly http?: boolean;
  readonly people?: boolean;
}
export interface ChartValues {
  readonly settings?: Readonly<Record<string, string>>;
  readonly gatewaySettings?: Readonly<Record<string, string>>;
  readonly services?: Readonly<Record<string, ChartService | null>>;
}

export const CHART = "deploy/helm/millrace";

/** The processes that run Millrace, by name, with what the image is told. */
export const composeProcesses = (): ReadonlyMap<string, ComposeService> =>
  new Map(
    Object.entries(documentOf<Compose>("docker-compose.yml").services).filter(
      ([, { image }]) => image === "millrace:local",
    ),
  );
