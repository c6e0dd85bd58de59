import { z } from "zod";

/** A JSON Schema (2020-12), as OpenAPI 3.1 uses it. */
export type JsonSchema = { readonly [key: string]: unknown };

type Direction = "input" | "output";
type Definitions = Readonly<Record<string, JsonSchema>>;

const COMPONENTS = "#/components/schemas/";

/**
 * Turns zod schemas into JSON Schema and gathers those with a name (`.meta({ id })`) under `components`. Two that have
 * one name and differ, as what is sent may from what is answered, are both kept, under names that tell them apart.
 */
export class SchemaBook {
  readonly components: Record<string, JsonSchema> = {};
  private readonly known = { input: new Map<z.ZodType, JsonSchema>(), output: new Map<z.ZodType, JsonSchema>() };
  /** What each component was made from. */
  private readonly prints = new Map<string, string>();

  /**
   * What a caller sends (`input`) or gets (`output`).
   * @param called names what has no name of its own and yet needs one, because it contains itself
   */
  schema(zod: z.ZodType, io: Direction, called: string): JsonSchema {
    const known = this.known[io].get(zod);
    if (known) return known;
    const { $schema: _, $defs, ...whole } = jsonSchema(zod, io);
    const definitions: Definitions = { ...($defs as Definitions | undefined), "": whole };
    const names = new Map<string, string>();
    for (const name of Object.keys(definitions))
      if (name !== "" || referencesTo(whole).includes("")) names.set(name, this.nameFor(name, definitions, io, called));
    for (const [local, name] of names) this.components[name] ??= tidied(definitions[local] ?? {}, names);
    const own = names.get("");
    const result = own === undefined ? tidied(whole, names) : { $ref: COMPONENTS + own };
    this.known[io].set(zod, result);
    return result;
  }

  /** The schema itself, where the given one only refers to it. */
  follow(schema: JsonSchema): JsonSchema {
    const reference = schema["$ref"];
    return typeof reference === "string" ? (this.components[reference.slice(COMPONENTS.length)] ?? schema) : schema;
  }

  /** A name that stands for nothing else yet, or for just this. */
  private nameFor(local: string, definitions: Definitions, io: Direction, called: string): string {
    const base = local === "" ? called : local.replace(/^__schema/, `${called}Part`);
    const print = fingerprint(local, definitions);
    const suffix = io === "input" ? "Input" : "Output";
    for (let n = 0; ; n++) {
      const name = base + (n === 0 ? "" : suffix) + (n < 2 ? "" : n);
      const standing = this.prints.get(name);
      if (standing !== undefined && standing !== print) continue;
      this.prints.set(name, print);
      return name;
    }
  }
}

function jsonSchema(zod: z.ZodType, io: Direction): JsonSchema {
  return z.toJSONSchema(zod, {
    io,
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      // Answers may get more fields some day, so nobody should be told that they have no others.
      const { def } = zodSchema._zod;
      if (io === "output" && def.type === "object" && def.catchall === undefined)
        delete jsonSchema.additionalProperties;
    },
  }) as JsonSchema;
}

/** A definition with everything that it refers to: equal exactly when the schemas are. */
function fingerprint(local: string, definitions: Definitions): string {
  const reached = new Set([local]);
  for (const name of reached) for (const next of referencesTo(definitions[name])) reached.add(next);
  return JSON.stringify([...reached].map((name) => definitions[name]));
}

const LOCAL = "#/$defs/";

/** The definitions that a schema refers to; `""` is the root. */
function referencesTo(value: unknown): readonly string[] {
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, entry]) =>
    key === "$ref" && typeof entry === "string" ? [localName(entry)] : referencesTo(entry),
  );
}

const localName = (reference: string): string => (reference === "#" ? "" : reference.slice(LOCAL.length));

/** The bounds that zod gives to every whole number say nothing. */
const UNBOUNDED = new Set<unknown>([Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]);
/** Their content is data and no schema. */
const DATA = new Set(["default", "const", "enum", "examples"]);

/** References lead to the document's components; empty bounds, and patterns that a format implies, go. */
function tidied(schema: JsonSchema, names: ReadonlyMap<string, string>): JsonSchema {
  return tidy(schema, names) as JsonSchema;
}

function tidy(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((entry) => tidy(entry, names));
  if (value === null || typeof value !== "object") return value;
  const source = value as Record<string, unknown>;
  const result: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(source)) {
    if (key === "$ref" && typeof entry === "string") result[key] = COMPONENTS + (names.get(localName(entry)) ?? "");
    else if ((key === "minimum" || key === "maximum") && UNBOUNDED.has(entry)) continue;
    else if (key === "pattern" && source["format"] !== undefined) continue;
    else if (key === "example") result["examples"] = [entry];
    else if (FIELDS.has(key)) result[key] = eachTidied(entry as Definitions, names);
    else result[key] = DATA.has(key) ? entry : tidy(entry, names);
  }
  return result;
}

/** Schemas by the name of a field, which may be any word. */
const FIELDS = new Set(["properties", "patternProperties"]);

const eachTidied = (fields: Definitions, names: ReadonlyMap<string, string>): Definitions =>
  Object.fromEntries(Object.entries(fields).map(([name, schema]) => [name, tidied(schema, names)]));
