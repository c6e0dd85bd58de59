import { type ChangedDocument, type CompareReport } from "../infra/audit";
import { count } from "../tools/table";

/** A value of a document is cut off after so many characters. */
const LONGEST = 120;
/** Fields of one document that are shown. */
const FIELDS_SHOWN = 5;

/** What a comparison of a read model with what served before it has found, for people. */
export function compareText({ name, before, after, since, sinceCompared, ...changes }: CompareReport): string {
  const { documents, differing, fields, first } = changes;
  const moved = since === 0 ? "" : `; ${count(since)} came or changed since${sinceCompared ? "" : ", not compared"}`;
  const head = `${name}: ${before} and ${after}: ${count(documents)} compared, ${differing === 0 ? "none differs" : `${count(differing)} differ`}${moved}\n`; // prettier-ignore
  const frequent = fields.map((field) => `  ${field.path || "(all)"} in ${count(field.documents)}\n`);
  const more = differing > first.length ? `  and ${count(differing - first.length)} more documents\n` : "";
  return [head, ...frequent, ...first.map(documentText), more].join("");
}

function documentText({ id, kind, differences }: ChangedDocument): string {
  if (kind !== "different") return `  ${id} was ${kind}\n`;
  const shownOf = differences.slice(0, FIELDS_SHOWN);
  const lines = shownOf.map(({ path, was, now }) => `    ${path || "(all)"}: ${shown(was)} → ${shown(now)}\n`);
  const rest = differences.length - shownOf.length;
  return `  ${id}\n${lines.join("")}${rest > 0 ? `    and ${rest} more fields\n` : ""}`;
}

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}
