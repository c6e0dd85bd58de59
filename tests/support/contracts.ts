import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ResolvedEvent } from "@eventstore/db-client";
import { exampleOf } from "../../src/api/http/openapi-example";
import { type EventDefinition, type EventMetadata, eventSchema } from "../../src/domains/kernel";
import { differences } from "../../src/domains/kernel/differences";

/*
 * Golden samples: events as they stand in logs, at least one for each version of each event type that was ever written,
 * and beside them the schema of each version. See tests/contracts/README.md.
 */

const FOLDER = join(__dirname, "..", "contracts");

/** An event as the log has it. */
export interface Sample {
  readonly stream: string;
  readonly type: string;
  readonly data: unknown;
  readonly metadata: EventMetadata;
}

export interface SampleFile {
  readonly context: string;
  /** Within the folder of contracts. */
  readonly path: string;
  readonly type: string;
  readonly version: number;
  readonly sample: Sample;
}

/** `ItemAdded.v1.json`; one more of the same version is `ItemAdded.v1.gift.json`. */
const SAMPLE = /^(\w+)\.v(\d+)(?:\.(?!schema\.)[\w-]+)?\.json$/;
const ANY = /^\w+\.v\d+(?:\.[\w-]+)?\.json$/;

const read = (path: string): unknown => JSON.parse(readFileSync(join(FOLDER, path), "utf8"));

function files(): readonly { readonly context: string; readonly name: string; readonly path: string }[] {
  const contexts = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return contexts.flatMap(({ name: context }) =>
    readdirSync(join(FOLDER, context)).map((name) => ({ context, name, path: `${context}/${name}` })),
  );
}

export function sampleFiles(): readonly SampleFile[] {
  return files().flatMap(({ context, name, path }) => {
    const [, type, version] = SAMPLE.exec(name) ?? [];
    if (type === undefined) return [];
    return [{ context, path, type, version: Number(version), sample: read(path) as Sample }];
  });
}

/** The sample as the event store's client gives it. */
export function resolved({ stream, type, data, metadata }: Sample): ResolvedEvent {
  const event = {
    id: "5b0a3a52-0f0e-4f5e-8d1f-8a4d3c0f9f10",
    streamId: stream,
    revision: 7n,
    position: { commit: 4_711n, prepare: 4_711n },
    created: new Date(metadata.occurredAt),
    isJson: true,
    contentType: "application/json",
    type,
    data: structuredClone(data),
    metadata: structuredClone(metadata),
  };
  return { event } as unknown as ResolvedEvent;
}

/** Files that are neither samples nor schemas. */
export const strayFiles = (): readonly string[] => files().flatMap(({ name, path }) => (ANY.test(name) ? [] : [path]));

const schemaPath = (context: string, type: string, version: number): string =>
  `${context}/${type}.v${version}.schema.json`;

/** The schema that was written down for a version; `undefined` when none was. */
export function schemaOnFile(context: string, type: string, version: number): Json | undefined {
  const path = schemaPath(context, type, version);
  return existsSync(join(FOLDER, path)) ? (read(path) as Json) : undefined;
}

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The words of a JSON Schema that say which data is valid. All others only explain. */
const TELLING = new Set([
  ...["type", "enum", "const", "anyOf", "oneOf", "allOf", "not"],
  ...["properties", "required", "additionalProperties", "patternProperties", "propertyNames"],
  ...["items", "prefixItems", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"],
  ...["pattern", "format", "minLength", "maxLength"],
  ...["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
]);
/** Their order says nothing. */
const SETS = new Set(["required", "enum"]);
/** Their keys are names of fields, not words. */
const BY_NAME = new Set(["properties", "patternProperties"]);

/** An event's schema reduced to what it demands: equal exactly when the same data is valid. */
export function fingerprint(definition: EventDefinition): Json {
  const whole = eventSchema(definition) as JsonObject;
  return reduced(whole, whole["$defs"]);
}

function reduced(schema: Json, definitions: Json | undefined): Json {
  if (Array.isArray(schema)) return schema.map((each: Json) => reduced(each, definitions));
  if (!isObject(schema)) return schema;
  const reference = schema["$ref"];
  if (typeof reference === "string" && isObject(definitions))
    return reduced(definitions[reference.slice("#/$defs/".length)] ?? null, definitions);
  return inOrder(
    Object.entries(schema).flatMap(([word, value]): [string, Json][] => {
      if (!TELLING.has(word)) return [];
      if (SETS.has(word) && Array.isArray(value)) return [[word, value.toSorted()]];
      if (!BY_NAME.has(word) || !isObject(value)) return [[word, reduced(value, definitions)]];
      return [[word, inOrder(Object.entries(value).map(([name, each]) => [name, reduced(each, definitions)]))]];
    }),
  );
}

const inOrder = (entries: readonly (readonly [string, Json])[]): JsonObject =>
  Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));

/** Where two schemas differ, one line each: `lines items quantity minimum: 1 → 0`. */
const changes = (before: Json, after: Json): readonly string[] =>
  differences(before, after).map(({ path, was, now }) => {
    const place = path.split("/").filter((word) => word !== "" && word !== "properties");
    return `${place.join(" ")}: ${JSON.stringify(was) ?? "nothing"} → ${JSON.stringify(now) ?? "nothing"}`;
  });

export const WRITE = "MILLRACE_CONTRACTS=write npx jest --selectProjects unit tests/unit/contracts";

/** What is wrong with the schema of an event type, and what to do about it; `undefined` when nothing is. */
export function schemaComplaint(
  type: string,
  definition: EventDefinition,
  onFile: Json | undefined,
): string | undefined {
  const { version } = definition;
  if (onFile === undefined)
    return `Version ${version} of ${type} is not written down yet. Run\n  ${WRITE}\nand give the sample that it makes values as they occur.`;
  const changed = changes(onFile, fingerprint(definition));
  if (changed.length === 0) return undefined;
  return [
    `The schema of ${type} is no longer what version ${version} was written with:`,
    ...changed.map((change) => `  ${change}`),
    `Events of version ${version} are in logs and stay as they are. So`,
    `  1. raise its \`version\` to ${version + 1},`,
    `  2. add \`upcasters: { ${version}: (old) => … }\`, which makes data of version ${version + 1} from that of version ${version},`,
    `  3. run  ${WRITE}`,
    `     and give the new sample values as they occur. Keep the old one: it must read for ever.`,
    `Only where version ${version} was never released, or zod just says the same in other words, MILLRACE_CONTRACTS=rewrite`,
    `instead of \`write\` takes the schema as it is now.`,
  ].join("\n");
}

/** Writes down versions that are not yet; `rewrite` replaces schemas of present versions. Samples are never replaced. */
export function writeDown(context: string, type: string, definition: EventDefinition, rewrite: boolean): void {
  const { version, category } = definition;
  mkdirSync(join(FOLDER, context), { recursive: true });
  const put = (path: string, content: unknown) =>
    writeFileSync(join(FOLDER, path), `${JSON.stringify(content, null, 2)}\n`);
  if (rewrite || schemaOnFile(context, type, version) === undefined)
    put(schemaPath(context, type, version), fingerprint(definition));
  if (sampleFiles().some((file) => file.type === type && file.version === version)) return;
  const example = exampleOf(complete(fingerprint(definition)) as JsonObject, {});
  const metadata = { ...METADATA, schemaVersion: version };
  put(`${context}/${type}.v${version}.json`, { stream: `${category}-id`, type, data: example, metadata });
}

/** The schema with every optional field demanded, so that an example has them all. */
function complete(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map((each: Json) => complete(each));
  if (!isObject(schema)) return schema;
  const entries = Object.entries(schema).map(([word, value]) => [word, complete(value)] as const);
  const fields = schema["properties"];
  return { ...Object.fromEntries(entries), ...(isObject(fields) && { required: Object.keys(fields) }) };
}

const METADATA: Omit<EventMetadata, "schemaVersion"> = {
  commandId: "6f1d3c1e-52a4-4f4b-9b3a-6d8a2f0c7e11",
  correlationId: "0c1f7a52-3d0e-4a39-8a55-7e1f6f1b9a20",
  causationId: "6f1d3c1e-52a4-4f4b-9b3a-6d8a2f0c7e11",
  actor: "key:backoffice",
  occurredAt: "2026-03-14T10:05:27.413Z",
};
