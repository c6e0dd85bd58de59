import { contextsOf } from "../engine/contexts";
import { type CataloguedEvent, eventCatalogue } from "../engine/event-catalogue";
import { table } from "../tools/table";
import { type Flags } from "./flags";

/** Lines of fields are broken about here. */
const WIDTH = 110;

/** `millrace events`: which events there are; of those that are named, every field. @throws when a name is unknown */
export function events(names: readonly string[], { json }: Flags): void {
  process.stdout.write(eventsText(names, json === true));
}

/** What the command prints. */
export function eventsText(names: readonly string[], json: boolean): string {
  const all = eventCatalogue(contextsOf({ paymentTimeout: 1 }));
  const unknown = names.filter((name) => !all.some(({ type, context }) => type === name || context === name));
  if (unknown.length > 0)
    throw new Error(`there is no event type or context ${unknown.join(", ")}; \`millrace events\` names all`);
  const chosen = names.length === 0 ? all : all.filter(({ type, context }) => names.includes(type) || names.includes(context)); // prettier-ignore
  if (json) return `${JSON.stringify(chosen, null, 2)}\n`;
  return chosen.every(({ type }) => names.includes(type)) ? chosen.map(inFull).join("\n") : overview(chosen);
}

function overview(all: readonly CataloguedEvent[]): string {
  const widest = Math.max(...all.map(({ type }) => type.length));
  let heading = "";
  return all
    .map((event) => {
      const { type, version } = event;
      const own = headingOf(event);
      const before = own === heading ? "" : `${heading === "" ? "" : "\n"}${own}\n`;
      heading = own;
      return `${before}  ${type.padEnd(widest)}  v${String(version).padEnd(2)}  ${wrapped(namesOf(event), widest + 9)}\n`;
    })
    .join("");
}

const headingOf = ({ context, category }: CataloguedEvent): string => `${context}: streams ${category}-<id>`;

const namesOf = ({ fields }: CataloguedEvent): readonly string[] =>
  fields.filter(({ path }) => !/[.[]/.test(path)).map(({ path, optional }) => `${path}${optional ? "?" : ""}`);

function wrapped(words: readonly string[], indent: number): string {
  const lines = [""];
  for (const word of words) {
    const line = lines.at(-1) ?? "";
    if (line !== "" && indent + line.length + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.join(`\n${" ".repeat(indent)}`);
}

function inFull(event: CataloguedEvent): string {
  const rows = event.fields.map(({ path, type, optional, personal }) => [
    path,
    [type, ...(optional ? ["may be missing"] : []), ...(personal ? ["personal"] : [])].join("; "),
  ]);
  const heading = `${event.type}, version ${event.version}, in ${headingOf(event)}\n`;
  return rows.length === 0 ? `${heading}It has no fields.\n` : `${heading}${table(["field", "what"], rows, new Set())}`;
}
