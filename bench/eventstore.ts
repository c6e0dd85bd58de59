/**
 * Measures an EventStoreDB-compatible server through the official client.
 *
 *   node bench/eventstore.js esdb://127.0.0.1:2113?tls=false [scale]
 *
 * `scale` (default 1) multiplies the amounts. Every figure is of one client in one process; what it measures is the
 * server and the client together, which is what an application gets.
 */
import { randomUUID } from "node:crypto";
import { EventStoreDBClient, jsonEvent, START, streamNameFilter, type JSONEventData } from "@eventstore/db-client";

export interface EventStoreFigures {
  readonly appendsOneByOne: number;
  readonly appendLatencyMs: { readonly median: number; readonly p99: number };
  readonly appends64InFlight: number;
  readonly eventsInBatchesOf500: number;
  readonly eventsRead: number;
  readonly eventsCaughtUpWithPrefix: number;
  readonly deliveryLatencyMs: { readonly median: number; readonly p99: number };
}

const event = (n: number): JSONEventData =>
  jsonEvent({
    type: "line-added",
    data: { n, sku: `SKU-${n % 1000}`, quantity: 1 + (n % 7), price: "12.95", note: "x".repeat(120) },
    metadata: { $correlationId: "7f1c54d0-3b0e-4d5c-9f07-6f1d7c1c2b7e", actor: "bench" },
  });

const seconds = (start: number): number => (performance.now() - start) / 1000;
const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN;
const latency = (values: number[]): { median: number; p99: number } => {
  values.sort((a, b) => a - b);
  return { median: quantile(values, 0.5), p99: quantile(values, 0.99) };
};

async function oneByOne(client: EventStoreDBClient, run: string, count: number) {
  const stream = `bench-${run}-single`;
  const times: number[] = [];
  const start = performance.now();
  for (let n = 0; n < count; n++) {
    const before = performance.now();
    await client.appendToStream(stream, event(n));
    times.push(performance.now() - before);
  }
  return { rate: count / seconds(start), latency: latency(times) };
}

async function inFlight(client: EventStoreDBClient, run: string, count: number, workers: number): Promise<number> {
  let next = 0;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: workers }, async (_, worker) => {
      while (next < count) await client.appendToStream(`bench-${run}-flight${worker}`, event(next++));
    }),
  );
  return count / seconds(start);
}

async function batches(client: EventStoreDBClient, stream: string, count: number, size: number): Promise<number> {
  const start = performance.now();
  for (let n = 0; n < count; n += size) {
    await client.appendToStream(
      stream,
      Array.from({ length: size }, (_, i) => event(n + i)),
    );
  }
  return count / seconds(start);
}

async function reading(client: EventStoreDBClient, stream: string): Promise<number> {
  let count = 0;
  const start = performance.now();
  for await (const _ of client.readStream(stream)) count++;
  return count / seconds(start);
}

function catchUp(client: EventStoreDBClient, prefix: string, count: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    let seen = 0;
    const subscription = client.subscribeToAll({
      fromPosition: START,
      filter: streamNameFilter({ prefixes: [prefix] }),
    });
    subscription.on("error", reject);
    subscription.on("data", () => {
      if (++seen < count) return;
      const rate = seen / seconds(start);
      subscription.unsubscribe().then(() => resolve(rate), reject);
    });
  });
}

/** From the call of append to the event's arrival at a live subscription. */
async function delivery(client: EventStoreDBClient, run: string, count: number) {
  const stream = `bench-${run}-live`;
  const times: number[] = [];
  let arrived: () => void = () => undefined;
  const subscription = client.subscribeToAll({ fromPosition: "end", filter: streamNameFilter({ prefixes: [stream] }) });
  subscription.on("data", () => arrived());
  await new Promise((resolve) => subscription.once("confirmation", resolve));
  for (let n = 0; n < count; n++) {
    const before = performance.now();
    const seen = new Promise<void>((resolve) => (arrived = resolve));
    await client.appendToStream(stream, event(n));
    await seen;
    times.push(performance.now() - before);
  }
  await subscription.unsubscribe();
  return latency(times);
}

export async function benchEventStore(
  url: string,
  scale = 1,
  show: (line: string) => void = () => undefined,
): Promise<EventStoreFigures> {
  const client = EventStoreDBClient.connectionString(url);
  const run = randomUUID().slice(0, 8);
  const amount = (n: number): number => Math.max(500, Math.round((n * scale) / 500) * 500);
  const stream = `bench-${run}-batches`;
  await oneByOne(client, `${run}warm`, 300);
  await inFlight(client, `${run}warm`, 2000, 64);
  const single = await oneByOne(client, run, amount(3000));
  show(
    `appends, one after another   ${single.rate.toFixed(0)}/s (median ${single.latency.median.toFixed(2)} ms, p99 ${single.latency.p99.toFixed(2)} ms)`,
  );
  const flight = await inFlight(client, run, amount(20_000), 64);
  show(`appends, 64 in flight        ${flight.toFixed(0)}/s`);
  const total = amount(100_000);
  const batched = await batches(client, stream, total, 500);
  show(`events in batches of 500     ${batched.toFixed(0)}/s`);
  const read = await reading(client, stream);
  show(`events read from a stream    ${read.toFixed(0)}/s`);
  const caught = await catchUp(client, stream, total);
  show(`events caught up by prefix   ${caught.toFixed(0)}/s`);
  const delivered = await delivery(client, run, 500);
  show(`append to delivery           median ${delivered.median.toFixed(2)} ms, p99 ${delivered.p99.toFixed(2)} ms`);
  await client.dispose();
  return {
    appendsOneByOne: single.rate,
    appendLatencyMs: single.latency,
    appends64InFlight: flight,
    eventsInBatchesOf500: batched,
    eventsRead: read,
    eventsCaughtUpWithPrefix: caught,
    deliveryLatencyMs: delivered,
  };
}

if (require.main === module) {
  const [url, scale] = process.argv.slice(2);
  if (!url) {
    process.stderr.write("usage: eventstore.js CONNECTION_STRING [scale]\n");
    process.exit(2);
  }
  benchEventStore(url, Number(scale ?? 1), (line) => process.stdout.write(`${line}\n`)).then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
}
