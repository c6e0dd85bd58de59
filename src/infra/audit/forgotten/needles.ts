import { type EventCatalogue, personalFields, personValue } from "../../../domains/kernel";

/** What must not be found of a person who is forgotten. */
export interface Needles {
  /** Texts that must stand nowhere, not even within another, whatever the case of their letters. */
  readonly texts: readonly Needle[];
  /** A number that says little by itself: it must not stand in a field that names a person. */
  readonly number: { readonly value: string; readonly fields: ReadonlySet<string> } | undefined;
}

interface Needle {
  /** How a finding calls it: the text itself is not to be told. */
  readonly name: string;
  readonly text: string;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @param id under which the person was forgotten. @param values what is known of them otherwise, such as an address */
export function needlesOf(id: string, values: readonly string[], catalogue: EventCatalogue): Needles {
  const isUnique = UUID.test(id);
  const fields = Object.values(catalogue).flatMap((definition) =>
    personalFields(definition).flatMap(({ path, mark }) =>
      mark.kind === "person" ? [path.slice(path.lastIndexOf(".") + 1)] : [],
    ),
  );
  const named = values.map((text, index) => ({ name: `value ${index + 1}`, text: text.trim().toLowerCase() }));
  return {
    texts: [{ name: "the id", text: id.toLowerCase() }, ...named.filter(({ text }) => text !== "")],
    number: isUnique ? undefined : { value: personValue(id), fields: new Set(fields) },
  };
}

/** Where in a value something is, and what. */
export interface Hit {
  readonly path: string;
  readonly needle: string;
}

/** The first of the needles that stands in a JSON value; `undefined`: none. */
export function findIn(value: unknown, needles: Needles, path = ""): Hit | undefined {
  if (typeof value === "string") {
    const text = value.toLowerCase();
    const found = needles.texts.find((needle) => text.includes(needle.text));
    if (found) return { path, needle: found.name };
    const { number } = needles;
    const field = path.slice(path.lastIndexOf("/") + 1);
    return number && value === number.value && number.fields.has(field) ? { path, needle: "the id" } : undefined;
  }
  if (value instanceof Uint8Array) return findIn(Buffer.from(value).toString("utf8"), needles, path);
  if (typeof value !== "object" || value === null) return undefined;
  for (const [name, field] of Object.entries(value)) {
    const hit = findIn(name, needles, `${path}/${name}`) ?? findIn(field, needles, `${path}/${name}`);
    if (hit) return hit;
  }
  return undefined;
}
