import {
  type DocumentDifference,
  type ForgottenReport,
  type ModelReport,
  type StreamsReport,
  type VerifyReport,
} from "../infra/audit";
import { count, table } from "../tools/table";

/** A value of a document is cut off after so many characters. */
const LONGEST = 200;

/** The report of `millrace verify` for people. */
export function verifyText({ good, position, streams, readModels }: VerifyReport): string {
  const rows = readModels.map(({ name, kind, documents, differing, status }) => [
    name,
    kind,
    count(documents),
    status === "skipped" ? "" : count(differing),
    status,
  ]);
  return [
    `Replayed up to position ${position} of the log.\n\n`,
    table(["read model", "kind", "documents", "differing", ""], rows, new Set(["documents", "differing"])),
    "\n",
    ...(streams ? [streamsText(streams)] : []),
    ...readModels.map(modelText),
    good ? "All that is stored is what the log says.\n" : "What is stored is not what the log says.\n",
  ].join("");
}

function streamsText({ streams, events, faults, findings }: StreamsReport): string {
  const head = `streams: ${count(streams)} with ${count(events)} events, ${faults === 0 ? "no fault" : `${count(faults)} ${faults === 1 ? "fault" : "faults"}`}\n`;
  const told = findings.map(({ kind, stream, revision, type, message }) =>
    stream === "" ? `  ${kind}: ${message}\n` : `  ${kind}: ${type} at ${stream}@${revision}: ${message}\n`,
  );
  const more = faults > findings.length ? `  and ${count(faults - findings.length)} more\n` : "";
  return `${head}${told.join("")}${more}\n`;
}

function modelText(report: ModelReport): string {
  const { name, skipped } = report;
  const told = skipped > 0 ? `${name} leaves out ${count(skipped)} by an operator's command\n\n` : "";
  return told + findingText(report);
}

function findingText({ name, status, reason, first }: ModelReport): string {
  if (reason !== null) return `${name} ${status === "failed" ? "fails" : "was not compared"}: ${reason}\n\n`;
  return first === null ? "" : `${name} differs first at ${differenceText(first)}\n\n`;
}

/** One document that is not as it should be: where, what is stored, what is expected, and by which event. */
export function differenceText({ id, kind, path, stored, expected, lastEvent }: DocumentDifference): string {
  const lines = [
    `document ${id}${kind === "different" ? `, field ${path || "(all)"}` : ` (${kind})`}`,
    ...(kind === "missing" ? [] : [`stored:     ${shown(stored)}`]),
    ...(kind === "surplus" ? [] : [`expected:   ${shown(expected)}`]),
    `last event: ${lastEvent ? `${lastEvent.type} at ${lastEvent.stream}@${lastEvent.revision}, position ${lastEvent.position}` : "none has ever touched it"}`,
  ];
  return lines.join("\n  ");
}

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}

/** The report of `millrace verify --forgotten` for people. What was found is not repeated. */
export function forgottenText({ good, looked, found, first }: ForgottenReport): string {
  const { keys, events, documents, files } = looked;
  const head = `Looked through ${count(events)} events, ${count(documents)} documents and ${count(files)} files.\n`;
  const unseen = keys ? "" : "Whether there is still a key was not looked at: that needs the master key.\n";
  if (good) return `${head}${unseen}Nothing of the person is left.\n`;
  const lines = first.map(({ kind, place, what }) => `  ${kind}: ${what} in ${place}\n`);
  const more = found > first.length ? `  and ${count(found - first.length)} more\n` : "";
  return `${head}${unseen}Something is left of the person:\n${lines.join("")}${more}`;
}
