import { count, ms, table } from "../../table";
import { type ReplayReport } from "./replay";

const LATENCIES = ["request", "answers", "p50 ms", "p90 ms", "p99 ms", "max ms"];
const NUMBERS = new Set(LATENCIES.slice(1));

/** What became of the replay, for people. */
export function replayText(report: ReplayReport): string {
  const { accounting, latencies, refused, refusedCount } = report;
  const rows = Object.entries(latencies).map(([kind, latency]) => [
    kind,
    count(latency.count),
    ms(latency.p50),
    ms(latency.p90),
    ms(latency.p99),
    ms(latency.max),
  ]);
  return [
    ...invoiceLines(report),
    ...speedLines(report),
    ...(rows.length > 0 ? ["", table(LATENCIES, rows, NUMBERS).trimEnd(), ""] : []),
    `Orders: ${count(accounting.confirmed)} confirmed, ${count(accounting.cancelled)} cancelled, ` +
      `of ${count(accounting.invoices)} invoices.`,
    `Stock of ${count(accounting.articles)} articles: ${count(accounting.received)} pieces received − ` +
      `${count(accounting.shipped)} shipped − ${count(accounting.reserved)} reserved = ` +
      `${count(accounting.available)} available.`,
    ...some(
      "Refused",
      refused.map(({ invoice, reason }) => `invoice ${invoice}: ${reason}`),
      refusedCount,
    ),
    ...some("Amiss", accounting.faults, accounting.faultCount),
    report.addsUp ? "Every order and every piece is accounted for." : "It does not add up.",
    "",
  ].join("\n");
}

function invoiceLines({ run, invoices, withoutGoods, lines, before }: ReplayReport): string[] {
  const left = [
    `${count(lines.merged)} joined another of the same article`,
    `${count(lines.charges)} are charges`,
    `${count(lines.unpriced)} are of articles without a price`,
  ].join(", ");
  return [
    `Run ${run}: ${count(invoices)} invoices with ${count(lines.taken)} lines; of their other lines ${left}.`,
    ...(withoutGoods > 0 ? [`${count(withoutGoods)} invoices have nothing on them that can be bought.`] : []),
    ...(before > 0 ? [`${count(before)} orders were there from an earlier start of this run.`] : []),
  ];
}

function speedLines({
  orders,
  seconds,
  ordersPerSecond,
  requests,
  requestsPerSecond,
  retries,
}: ReplayReport): string[] {
  if (requests === 0) return [];
  const repeats = Object.entries(retries).map(([reason, times]) => `${reason} ${count(times)}×`);
  return [
    `${count(orders)} orders in ${seconds.toFixed(1)} s: ${ordersPerSecond.toFixed(1)} orders/s, ` +
      `${count(requests)} requests, ${count(requestsPerSecond)} requests/s.`,
    ...(repeats.length > 0 ? [`Sent again: ${repeats.join(", ")}.`] : []),
  ];
}

function some(heading: string, lines: readonly string[], total: number): string[] {
  const shown = lines.slice(0, 10);
  if (total === 0) return [];
  return [`${heading}:`, ...shown.map((line) => `  ${line}`), ...(total > shown.length ? [`  … ${total} in all`] : [])];
}
