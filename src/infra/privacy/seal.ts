import { type ForgottenValue, personId, type PersonalMark, type PersonalShape } from "../../domains/kernel";
import { type PersonKey } from "./key-store";
import { personText, type Place, sealText, WHOLE } from "./sealed";

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** With what an event's personal fields are sealed. */
export interface Sealing {
  /** `null`: the person is forgotten, and so is whatever would be written of them. */
  readonly key: PersonKey | null;
  /** Told of each text by which the person is to be found. */
  findable(text: string): void;
}

/** The data as it is stored. */
export function sealData(data: unknown, shape: PersonalShape, sealing: Sealing, at: Place, parent: Json = {}): unknown {
  if (data === null || data === undefined) return data;
  switch (shape.kind) {
    case "field":
      return sealField(data, shape.mark, sealing, at, parent);
    case "list":
      return Array.isArray(data)
        ? data.map((item, index) => sealData(item, shape.item, sealing, within(at, String(index))))
        : data;
    case "map":
      return isObject(data)
        ? Object.fromEntries(
            Object.entries(data).map(([name, value]) => [
              name,
              sealData(value, shape.value, sealing, within(at, name)),
            ]),
          )
        : data;
    case "object": {
      if (!isObject(data)) return data;
      const result: Record<string, unknown> = { ...data };
      for (const [name, inner] of shape.fields)
        if (result[name] !== undefined) result[name] = sealData(result[name], inner, sealing, within(at, name), data);
      return result;
    }
  }
}

const within = (at: Place, name: string): Place => ({ ...at, path: at.path === "" ? name : `${at.path}.${name}` });

function sealField(value: unknown, mark: PersonalMark, { key, findable }: Sealing, at: Place, parent: Json): unknown {
  const forgotten = mark.forgotten;
  const keep = mark.kind === "data" ? mark.keep : [];
  if (isForgotten(value, forgotten, keep)) return value;
  if (!key) return forgottenForm(value, forgotten, keep);
  if (mark.kind === "person") {
    if (typeof value === "string" && idOf(value, mark, parent) === key.person)
      return personText(key.subject, mark.forgotten);
    // Somebody else than the person of the stream: sealed like anything else that is said in it.
    return sealText(JSON.stringify(value), mark.forgotten, key.subject, key.key, at);
  }
  if (mark.findable && typeof value === "string") findable(value);
  const text = JSON.stringify(value);
  if (!isObject(forgotten)) return sealText(text, forgotten, key.subject, key.key, at);
  const form = forgottenForm(value, forgotten, keep) as Json;
  return { ...form, [WHOLE]: sealText(text, null, key.subject, key.key, at) };
}

/** The id of the person that a field names. */
export function idOf(value: string, { scope }: Extract<PersonalMark, { kind: "person" }>, parent: Json): string {
  const scoped = scope === undefined ? undefined : parent[scope];
  return personId(value, typeof scoped === "string" ? scoped : undefined);
}

const kept = (value: unknown, keep: readonly string[]): Json =>
  isObject(value) ? Object.fromEntries(keep.flatMap((name) => (name in value ? [[name, value[name]]] : []))) : {};

const forgottenForm = (value: unknown, forgotten: ForgottenValue, keep: readonly string[]): unknown =>
  isObject(forgotten) ? { ...forgotten, ...kept(value, keep) } : forgotten;

function isForgotten(value: unknown, forgotten: ForgottenValue, keep: readonly string[]): boolean {
  if (!isObject(forgotten) || !isObject(value)) return value === forgotten;
  const names = Object.keys(value).filter((name) => !keep.includes(name));
  return names.length === Object.keys(forgotten).length && names.every((name) => value[name] === forgotten[name]);
}

/** The first person that the data names; `undefined` when it names none, or somebody who is forgotten. */
export function personIn(data: unknown, shape: PersonalShape, parent: Json = {}): string | undefined {
  if (data === null || data === undefined) return undefined;
  switch (shape.kind) {
    case "field": {
      const { mark } = shape;
      return mark.kind === "person" && typeof data === "string" && data !== mark.forgotten
        ? idOf(data, mark, parent)
        : undefined;
    }
    case "list":
      return Array.isArray(data) ? first(data, (item) => personIn(item, shape.item)) : undefined;
    case "map":
      return isObject(data) ? first(Object.values(data), (value) => personIn(value, shape.value)) : undefined;
    case "object":
      return isObject(data) ? first(shape.fields, ([name, inner]) => personIn(data[name], inner, data)) : undefined;
  }
}

/** Whether the data says anything about anybody who is not forgotten. */
export function saysAnything(data: unknown, shape: PersonalShape): boolean {
  if (data === null || data === undefined) return false;
  switch (shape.kind) {
    case "field":
      return !isForgotten(data, shape.mark.forgotten, shape.mark.kind === "data" ? shape.mark.keep : []);
    case "list":
      return Array.isArray(data) && data.some((item) => saysAnything(item, shape.item));
    case "map":
      return isObject(data) && Object.values(data).some((value) => saysAnything(value, shape.value));
    case "object":
      return isObject(data) && shape.fields.some(([name, inner]) => saysAnything(data[name], inner));
  }
}

function first<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
