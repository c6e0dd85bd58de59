import { type JsonSchema } from "./openapi-schemas";

type Schemas = Readonly<Record<string, JsonSchema>>;

/** What fields are often called, and a value that each of them takes. */
const BY_NAME: Readonly<Record<string, unknown>> = {
  amount: "12.50",
  category: "standard",
  city: "London",
  code: "GB",
  country: "GB",
  currency: "GBP",
  email: "ada@example.org",
  from: "2026-01-01T00:00:00Z",
  id: "standard",
  limit: 20,
  line1: "12 Mill Lane",
  location: "main",
  method: "test",
  name: "Lantern House",
  postalCode: "N1 9GU",
  quantity: 2,
  rate: "0.20",
  reason: "As agreed by phone",
  sku: "85123A",
  slug: "white-hanging-heart-t-light-holder",
  title: "White hanging heart t-light holder",
  token: "tok_approve",
};

const BY_FORMAT: Readonly<Record<string, string>> = {
  uuid: "6f1d3c1e-52a4-4f4b-9b3a-6d8a2f0c7e11",
  "date-time": "2026-01-31T12:00:00Z",
  date: "2026-01-31",
  email: "ada@example.org",
  uri: "https://example.org/picture.jpg",
};

/** Lists and objects within one another beyond this are left empty. */
const DEEPEST = 5;

/** A value such as the schema describes: its own example where it has one, otherwise what its name or form suggests. */
export function exampleOf(schema: JsonSchema, schemas: Schemas, name = "", depth = 0): unknown {
  const reference = schema["$ref"];
  if (typeof reference === "string")
    return exampleOf(schemas[reference.split("/").at(-1) ?? ""] ?? {}, schemas, name, depth);
  const { examples, default: standard, const: only, enum: several } = schema as Readonly<Record<string, unknown>>;
  if (Array.isArray(examples)) return examples[0];
  if (standard !== undefined) return standard;
  if (only !== undefined) return only;
  if (Array.isArray(several)) return several[0];
  for (const kind of ["anyOf", "oneOf", "allOf"]) {
    const branches = schema[kind];
    if (Array.isArray(branches)) return exampleOf((branches[0] ?? {}) as JsonSchema, schemas, name, depth);
  }
  switch (schema["type"]) {
    case "object":
      return objectExample(schema, schemas, depth);
    case "array":
      return depth >= DEEPEST
        ? []
        : [exampleOf((schema["items"] ?? {}) as JsonSchema, schemas, singular(name), depth + 1)];
    case "string":
      return textExample(schema, name);
    case "integer":
    case "number":
      return numberExample(schema, name);
    case "boolean":
      return true;
    case "null":
      return null;
    default:
      return BY_NAME[name] ?? "…";
  }
}

const singular = (name: string): string => name.replace(/s$/, "");

/** Fields that must be there; the first one where none must, so that there is something to see. */
function objectExample(schema: JsonSchema, schemas: Schemas, depth: number): Record<string, unknown> {
  const fields = (schema["properties"] ?? {}) as Schemas;
  const required = (schema["required"] ?? []) as readonly string[];
  if (depth >= DEEPEST) return {};
  const all = Object.entries(fields);
  const shown = required.length > 0 ? all.filter(([field]) => required.includes(field)) : all.slice(0, 1);
  return Object.fromEntries(shown.map(([field, each]) => [field, exampleOf(each, schemas, field, depth + 1)]));
}

function textExample(schema: JsonSchema, name: string): string {
  const known = BY_NAME[name];
  const format = schema["format"];
  if (typeof format === "string" && BY_FORMAT[format] !== undefined) return BY_FORMAT[format];
  const fits = typeof schema["pattern"] === "string" ? new RegExp(schema["pattern"], "u") : /^/;
  const candidates = [typeof known === "string" ? known : name || "text", "12.50", "0.20", "GBP", "GB", "main", "20"];
  return candidates.find((candidate) => fits.test(candidate)) ?? "…";
}

function numberExample(schema: JsonSchema, name: string): number {
  const known = BY_NAME[name];
  const least = typeof schema["minimum"] === "number" ? schema["minimum"] : -Infinity;
  const most = typeof schema["maximum"] === "number" ? schema["maximum"] : Infinity;
  return Math.min(most, Math.max(least, typeof known === "number" ? known : 1));
}
