import { type Html, markup } from "./html";
import { type JsonSchema } from "./openapi-schemas";

type Schemas = Readonly<Record<string, JsonSchema>>;

/** A field as the page shows it. */
export interface Field {
  /** Dotted; `[]` stands for each entry of a list. */
  readonly path: string;
  readonly type: Html;
  readonly required: boolean;
  readonly description: string;
}

/** Fields within fields are listed this deep. */
const DEEPEST = 3;

/** The fields of a schema and those within them; of schemas that have a name, only the name is shown. */
export function fieldsOf(schema: JsonSchema, schemas: Schemas, under = "", depth = 0): readonly Field[] {
  const objects = objectsIn(depth === 0 ? followed(schema, schemas) : schema);
  if (depth > DEEPEST) return [];
  return objects.flatMap((object) => {
    const required = (object["required"] ?? []) as readonly string[];
    return Object.entries((object["properties"] ?? {}) as Schemas).flatMap(([name, field]) => {
      const path = under + name;
      const description = typeof field["description"] === "string" ? field["description"] : "";
      const own = { path, type: typeOf(field, schemas), required: required.includes(name), description };
      const isList = field["type"] === "array";
      const within = isList ? ((field["items"] ?? {}) as JsonSchema) : field;
      return [own, ...fieldsOf(within, schemas, `${path}${isList ? "[]" : ""}.`, depth + 1)];
    });
  });
}

/** The objects that a value may be: the schema itself, or those of its alternatives that are objects. */
function objectsIn(schema: JsonSchema): readonly JsonSchema[] {
  if (schema["type"] === "object") return [schema];
  return branches(schema).filter((branch) => branch["type"] === "object");
}

const branches = (schema: JsonSchema): readonly JsonSchema[] =>
  (schema["anyOf"] ?? schema["oneOf"] ?? schema["allOf"] ?? []) as readonly JsonSchema[];

function followed(schema: JsonSchema, schemas: Schemas): JsonSchema {
  const reference = schema["$ref"];
  return typeof reference === "string" ? (schemas[nameIn(reference)] ?? schema) : schema;
}

const nameIn = (reference: string): string => reference.split("/").at(-1) ?? "";

/** A schema in a few words: `whole number 1 to 100`, `list of Money`, `"wait" or "now"`. */
export function typeOf(schema: JsonSchema, schemas: Schemas): Html {
  const reference = schema["$ref"];
  if (typeof reference === "string") {
    const name = nameIn(reference);
    return markup`<a href="#schema-${name}">${name}</a>`;
  }
  const { const: only, enum: several, default: standard } = schema as Readonly<Record<string, unknown>>;
  const preset =
    standard === undefined ? "" : markup`, <span class="quiet">${JSON.stringify(standard)} when absent</span>`;
  if (only !== undefined) return markup`<code>${JSON.stringify(only)}</code>`;
  if (Array.isArray(several))
    return markup`${joined(several.map((value) => markup`<code>${JSON.stringify(value)}</code>`))}${preset}`;
  const alternatives = branches(schema);
  if (alternatives.length > 0) return joined(alternatives.map((each) => typeOf(each, schemas)));
  return markup`${simple(schema, schemas)}${preset}`;
}

function simple(schema: JsonSchema, schemas: Schemas): Html {
  switch (schema["type"]) {
    case "array":
      return markup`list of ${typeOf((schema["items"] ?? {}) as JsonSchema, schemas)}${range(schema, "minItems", "maxItems")}`;
    case "integer":
      return markup`whole number${range(schema, "minimum", "maximum")}`;
    case "number":
      return markup`number${range(schema, "minimum", "maximum")}`;
    case "boolean":
      return markup`true or false`;
    case "null":
      return markup`null`;
    case "object": {
      const values = schema["additionalProperties"];
      const isMap = schema["properties"] === undefined && typeof values === "object" && values !== null;
      return isMap ? markup`object of ${typeOf(values as JsonSchema, schemas)}` : markup`object`;
    }
    case "string": {
      const format = schema["format"];
      const pattern = schema["pattern"];
      const form = typeof format === "string" ? markup`text (${format})` : markup`text`;
      return markup`${form}${range(schema, "minLength", "maxLength")}${typeof pattern === "string" ? markup` <code>${pattern}</code>` : ""}`;
    }
    default:
      return markup`anything`;
  }
}

function range(schema: JsonSchema, least: string, most: string): string {
  const [from, to] = [schema[least], schema[most]];
  if (from !== undefined && to !== undefined) return ` ${String(from)} to ${String(to)}`;
  if (from !== undefined) return ` from ${String(from)}`;
  return to === undefined ? "" : ` up to ${String(to)}`;
}

const joined = (parts: readonly Html[]): Html =>
  markup`${parts.map((part, index) => (index === 0 ? part : markup` or ${part}`))}`;
