import { goalText, type Result } from "./goals";
import { count, ms, table } from "../table";

const HEADING = ["measurement", "at once", "per second", "p50 ms", "p90 ms", "p99 ms", "max ms", "errors", "goal", ""];
const NUMBERS = new Set(["at once", "per second", "p50 ms", "p90 ms", "p99 ms", "max ms", "errors"]);

/** From this share of a core on, the load generator may be what is measured. */
const BUSY = 0.8;

/** The results as a table for people. */
export function benchTable(results: readonly Result[]): string {
  const rows = results.map(({ name, concurrency, rate, latency, errors, goal, met }) => [
    name,
    String(concurrency),
    count(rate),
    ms(latency.p50),
    ms(latency.p90),
    ms(latency.p99),
    ms(latency.max),
    count(errors),
    goal === undefined ? "" : goalText(goal),
    met === undefined ? "" : met ? "met" : "MISSED",
  ]);
  return table(HEADING, rows, NUMBERS) + notes(results);
}

function notes(results: readonly Result[]): string {
  const lines = results.flatMap(({ name, firstError }) =>
    firstError === undefined ? [] : [`${name}: the first error was: ${firstError}`],
  );
  for (const { name, comparedWith } of results)
    if (comparedWith)
      lines.push(`${name}: ${Math.round(comparedWith.share * 100)} % of the rate of ${comparedWith.name}.`);
  const busiest = Math.max(0, ...results.map(({ generator }) => generator));
  lines.push(`The load generator used at most ${Math.round(busiest * 100)} % of one core.`);
  if (busiest > BUSY) lines.push("That is much: rates may be what it could ask for, not what the shop could answer.");
  return `\n${lines.map((line) => `${line}\n`).join("")}`;
}
