import { type z } from "zod";
import { type EventDefinition } from "./events";

/*
 * Which fields of an event are about a person. They are encrypted under a key of that person as the event is written;
 * when the person is forgotten the key is destroyed, and the fields read as their forgotten value for ever after.
 */

/** What stands for the id of a person who is forgotten, where nothing else may stand. */
export const NOBODY = "00000000-0000-0000-0000-000000000000";
/** What stands for the words of a person who is forgotten. */
export const FORGOTTEN = "forgotten";
/** The same for an e-mail address: a name that can never exist (RFC 2606). */
export const FORGOTTEN_EMAIL = "forgotten@person.invalid";

/** What a forgotten field reads as; the schema must take it. */
export type ForgottenValue = null | string | Readonly<Record<string, string>>;

export type PersonalMark =
  /** Says who the person is. Equal persons stay equal, so that it can be looked for and counted by. */
  | { readonly kind: "person"; readonly forgotten: null | string; readonly scope: string | undefined }
  /** Says something about the person. */
  | {
      readonly kind: "data";
      readonly forgotten: ForgottenValue;
      /** Of an object: what stays readable, since it is about the trade and not about the person. */
      readonly keep: readonly string[];
      /** Whether people are looked for by it. */
      readonly findable: boolean;
    };

const marks = new WeakMap<z.ZodType, PersonalMark>();

export interface PersonalOptions {
  /** The standard: `forgotten`. */
  readonly forgotten?: ForgottenValue;
  readonly keep?: readonly string[];
  readonly findable?: boolean;
}

/** Marks a field as one that says something about a person. */
export function personal<Schema extends z.ZodType>(schema: Schema, options: PersonalOptions = {}): Schema {
  const { forgotten = FORGOTTEN, keep = [], findable = false } = options;
  marks.set(schema, { kind: "data", forgotten, keep, findable });
  return schema;
}

export interface PersonOptions {
  /** The standard: the id of nobody. */
  readonly forgotten?: null | string;
  /** Name of the field beside it within whose values the id is unique, such as the system it comes from. */
  readonly scope?: string;
}

/** Marks a field as the one that says who the event's person is. */
export function person<Schema extends z.ZodType>(schema: Schema, options: PersonOptions = {}): Schema {
  const { forgotten = NOBODY, scope } = options;
  marks.set(schema, { kind: "person", forgotten, scope });
  return schema;
}

/** The id under which a person is forgotten: the field's value, after its scope where it has one. */
export const personId = (value: string, scope?: string): string =>
  scope === undefined ? value : `${encodeURIComponent(scope)}:${value}`;

/** The value that the field had, of which the id was made. */
export const personValue = (id: string): string => id.slice(id.indexOf(":") + 1);

/** Where in a schema personal fields are. */
export type PersonalShape =
  | { readonly kind: "field"; readonly mark: PersonalMark }
  | { readonly kind: "object"; readonly fields: readonly (readonly [name: string, shape: PersonalShape])[] }
  | { readonly kind: "list"; readonly item: PersonalShape }
  | { readonly kind: "map"; readonly value: PersonalShape };

interface Inner {
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly valueType?: z.ZodType;
  readonly in?: z.ZodType;
}

/** The personal fields of a schema; `undefined` when there are none. */
export function personalShape(schema: z.ZodType): PersonalShape | undefined {
  const mark = marks.get(schema);
  if (mark) return { kind: "field", mark };
  const def = (schema as unknown as { readonly def: Inner & { readonly type: string } }).def;
  switch (def.type) {
    case "object": {
      const fields = Object.entries(def.shape ?? {}).flatMap(([name, field]) => {
        const shape = personalShape(field);
        return shape ? [[name, shape] as const] : [];
      });
      return fields.length > 0 ? { kind: "object", fields } : undefined;
    }
    case "array": {
      const item = def.element && personalShape(def.element);
      return item && { kind: "list", item };
    }
    case "record": {
      const value = def.valueType && personalShape(def.valueType);
      return value && { kind: "map", value };
    }
    case "pipe":
      return def.in && personalShape(def.in);
    default:
      return def.innerType && personalShape(def.innerType);
  }
}

/** A personal field of an event type. */
export interface PersonalField {
  /** Dotted; `[]` stands for each entry of a list, `*` for each name in a map. */
  readonly path: string;
  readonly mark: PersonalMark;
}

/** All personal fields of an event type. */
export function personalFields({ schema }: Pick<EventDefinition, "schema">): readonly PersonalField[] {
  const shape = personalShape(schema);
  return shape ? fieldsOf(shape, "") : [];
}

function fieldsOf(shape: PersonalShape, path: string): readonly PersonalField[] {
  switch (shape.kind) {
    case "field":
      return [{ path, mark: shape.mark }];
    case "object":
      return shape.fields.flatMap(([name, inner]) => fieldsOf(inner, path === "" ? name : `${path}.${name}`));
    case "list":
      return fieldsOf(shape.item, `${path}[]`);
    case "map":
      return fieldsOf(shape.value, `${path}.*`);
  }
}
