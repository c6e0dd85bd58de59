import { type EventSchema, eventSchema, type PersonalField, personalFields } from "../domains/kernel";
import { type Context } from "./context";

/** A field of an event's data. */
export interface EventField {
  /** Dotted; `[]` stands for each entry of a list, `*` for each name in a map. */
  readonly path: string;
  /** In a few words: `uuid`, `whole number 1 to 100`, `text or null`. */
  readonly type: string;
  readonly optional: boolean;
  /** About a person: stored sealed. */
  readonly personal?: true;
}

/** An event type as people and programs outside want to know it. */
export interface CataloguedEvent {
  readonly context: string;
  readonly type: string;
  readonly version: number;
  /** Written to streams `<category>-<id>`. */
  readonly category: string;
  readonly fields: readonly EventField[];
  /** The data as a JSON Schema. */
  readonly schema: EventSchema;
}

/** Every event type of the contexts, in the order in which they are declared. */
export function eventCatalogue(contexts: readonly Context[]): readonly CataloguedEvent[] {
  return contexts.flatMap(({ name: context, events }) =>
    Object.entries(events).map(([type, definition]) => {
      const { version, category } = definition;
      const schema = eventSchema(definition);
      const personal = personalFields(definition);
      const fields = fieldsOf(schema).map((field) =>
        isWithin(field, personal) ? { ...field, personal: true as const } : field,
      );
      return { context, type, version, category, fields, schema };
    }),
  );
}

const isWithin = ({ path }: EventField, personal: readonly PersonalField[]): boolean =>
  personal.some(({ path: each, mark }) => {
    const kept = mark.kind === "data" && mark.keep.some((name) => path === `${each}.${name}`);
    return path === each || (path.startsWith(`${each}.`) && !kept);
  });

const schemaIn = (value: unknown): EventSchema | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as EventSchema) : undefined;

const alternatives = (schema: EventSchema): readonly EventSchema[] =>
  (schema["anyOf"] ?? schema["oneOf"] ?? []) as readonly EventSchema[];

function fieldsOf(schema: EventSchema, under = ""): readonly EventField[] {
  const required = (schema["required"] ?? []) as readonly string[];
  const own = Object.entries(schemaIn(schema["properties"]) ?? {}).flatMap(([name, field]): EventField[] => {
    const path = under + name;
    const inner = field as EventSchema;
    return [{ path, type: typeOf(inner), optional: !required.includes(name) }, ...fieldsWithin(inner, path)];
  });
  return [...own, ...alternatives(schema).flatMap((each) => fieldsOf(each, under))];
}

function fieldsWithin(field: EventSchema, path: string): readonly EventField[] {
  const items = schemaIn(field["items"]);
  if (items) return fieldsOf(items, `${path}[].`);
  const values = schemaIn(field["additionalProperties"]);
  return values ? fieldsOf(values, `${path}.*.`) : fieldsOf(field, `${path}.`);
}

function typeOf(schema: EventSchema): string {
  const { const: only, enum: several } = schema as Readonly<Record<string, unknown>>;
  if (only !== undefined) return JSON.stringify(only);
  if (Array.isArray(several)) return several.map((value) => JSON.stringify(value)).join(" or ");
  const branches = alternatives(schema);
  if (branches.length > 0) return branches.map(typeOf).join(" or ");
  switch (schema["type"]) {
    case "array":
      return `list of ${typeOf(schemaIn(schema["items"]) ?? {})}`;
    case "object": {
      const values = schemaIn(schema["additionalProperties"]);
      return values ? `map of ${typeOf(values)}` : "object";
    }
    case "integer":
      return `whole number${range(schema["minimum"], schema["maximum"])}`;
    case "number":
      return `number${range(schema["minimum"], schema["maximum"])}`;
    case "boolean":
      return "true or false";
    case "string":
      return `${typeof schema["format"] === "string" ? schema["format"] : "text"}${length(schema)}`;
    case "null":
      return "null";
    default:
      return "anything";
  }
}

/** The bounds that zod gives to every whole number say nothing. */
const says = (bound: unknown): bound is number =>
  typeof bound === "number" && Math.abs(bound) < Number.MAX_SAFE_INTEGER;

function range(least: unknown, most: unknown): string {
  if (says(least) && says(most)) return ` ${least} to ${most}`;
  if (says(least)) return ` from ${least}`;
  return says(most) ? ` up to ${most}` : "";
}

const length = ({ format, maxLength }: EventSchema): string =>
  typeof maxLength === "number" && format === undefined ? ` up to ${maxLength}` : "";
