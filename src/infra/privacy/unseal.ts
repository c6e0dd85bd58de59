import { personValue } from "../../domains/kernel";
import { type PersonKey } from "./key-store";
import {
  parsePerson,
  parseSealed,
  PERSON,
  type Place,
  SEALED,
  SealBroken,
  type Subject,
  unsealText,
  WHOLE,
} from "./sealed";

/** The key of a subject; `undefined`: there is none (any more). */
export type KeyLookup = (subject: Subject) => PersonKey | undefined;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

const isStored = (text: string): boolean => text.startsWith(SEALED) || text.startsWith(PERSON);

/** The subjects of everything sealed within a value. */
export function subjectsIn(value: unknown, found = new Set<Subject>()): Set<Subject> {
  if (typeof value === "string") {
    const parsed = isStored(value) ? (parseSealed(value) ?? parsePerson(value)) : undefined;
    if (parsed) found.add(parsed.subject);
  } else if (Array.isArray(value)) for (const item of value) subjectsIn(item, found);
  else if (isObject(value)) for (const field of Object.values(value)) subjectsIn(field, found);
  return found;
}

/**
 * The value with everything sealed in it opened; what has no key reads as forgotten. The same object where nothing in
 * it is sealed.
 * @param at where the value stands, if it is known: what was sealed for another place is refused
 * @throws SealBroken
 */
export function unseal(value: unknown, keyOf: KeyLookup, at?: Place): unknown {
  if (typeof value === "string") return isStored(value) ? unsealString(value, keyOf, at) : value;
  if (Array.isArray(value)) {
    let result: unknown[] | undefined;
    for (const [index, item] of value.entries()) {
      const opened = unseal(item, keyOf, at && within(at, String(index)));
      if (opened !== item) (result ??= [...(value as unknown[])])[index] = opened;
    }
    return result ?? value;
  }
  if (!isObject(value)) return value;
  const whole = value[WHOLE];
  if (typeof whole === "string" && whole.startsWith(SEALED)) return unsealWhole(value, whole, keyOf, at);
  let result: Record<string, unknown> | undefined;
  for (const name in value) {
    const field = value[name];
    // Most of what an event says is plain; its place need not be worked out.
    if (typeof field === "string" ? !isStored(field) : typeof field !== "object" || field === null) continue;
    const opened = unseal(field, keyOf, at && within(at, name));
    if (opened !== field) (result ??= { ...value })[name] = opened;
  }
  return result ?? value;
}

/** What the value reads as when nobody in it is known any more. Needs no keys. */
export const forgotten = (value: unknown): unknown => unseal(value, () => undefined);

const within = (at: Place, name: string): Place => ({ ...at, path: at.path === "" ? name : `${at.path}.${name}` });

function unsealString(text: string, keyOf: KeyLookup, at: Place | undefined): unknown {
  const sealed = parseSealed(text);
  if (sealed) {
    const known = keyOf(sealed.subject);
    return known ? (JSON.parse(unsealText(sealed, known.key, at)) as unknown) : sealed.forgotten;
  }
  const person = parsePerson(text);
  if (!person) return text;
  const known = keyOf(person.subject);
  return known ? personValue(known.person) : person.forgotten;
}

/** What stands readable beside the sealed whole is believed for what was left readable, and else the whole. */
function unsealWhole(value: Readonly<Record<string, unknown>>, text: string, keyOf: KeyLookup, at: Place | undefined) {
  const sealed = parseSealed(text);
  if (!sealed) throw new SealBroken("a sealed object cannot be read: it was changed");
  const { [WHOLE]: _, ...readable } = value;
  const known = keyOf(sealed.subject);
  if (!known) return readable;
  return JSON.parse(unsealText(sealed, known.key, at)) as unknown;
}
