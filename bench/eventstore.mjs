#!/usr/bin/env node
/* global performance */
/*
 * Measures an EventStoreDB-compatible server through the official client.
 *
 *   node bench/eventstore.mjs 'esdb://127.0.0.1:2113?tls=false' [--scale NUMBER] [--fill EVENTS]
 *
 * `--scale` (default 1) multiplies the amounts; `--fill` first writes that many events, to measure on a large log. Every
 * figure is of one client in one process; what it measures is the server and the client together, which is what an
 * application gets. Run it against two servers in turn to compare them: only figures of one machine and hour compare.
 */
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { END, EventStoreDBClient, jsonEvent, START, streamNameFilter } from "@eventstore/db-client";

const event = (n) =>
  jsonEvent({
    type: "line-added",
    data: { n, sku: `SKU-${n % 1000}`, quantity: 1 + (n % 7), price: "12.95", note: "x".repeat(120) },
    metadata: { $correlationId: "7f1c54d0-3b0e-4d5c-9f07-6f1d7c1c2b7e", actor: "bench" },
  });
const events = (from, count) => Array.from({ length: count }, (_, i) => event(from + i));

const seconds = (start) => (performance.now() - start) / 1000;

/** Median, 99th percentile and worst, in milliseconds. */
function spread(times) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))].toFixed(2);
  return `median ${at(0.5)} ms, p99 ${at(0.99)} ms, worst ${at(1)} ms`;
}

async function oneByOne(client, stream, count) {
  const times = [];
  const start = performance.now();
  for (let n = 0; n < count; n++) {
    const before = performance.now();
    await client.appendToStream(stream, event(n));
    times.push(performance.now() - before);
  }
  return { rate: count / seconds(start), times };
}

async function inFlight(client, prefix, count, workers) {
  let next = 0;
  const start = performance.now();
  const work = async (_, worker) => {
    while (next < count) await client.appendToStream(`${prefix}${worker}`, event(next++));
  };
  await Promise.all(Array.from({ length: workers }, work));
  return count / seconds(start);
}

async function batches(client, stream, count, size) {
  const start = performance.now();
  for (let n = 0; n < count; n += size) await client.appendToStream(stream, events(n, size));
  return count / seconds(start);
}

async function reading(client, stream) {
  let count = 0;
  const start = performance.now();
  for await (const { event: read } of client.readStream(stream)) if (read) count++;
  return count / seconds(start);
}

function catchUp(client, prefix, count) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    let seen = 0;
    const filter = streamNameFilter({ prefixes: [prefix] });
    const subscription = client.subscribeToAll({ fromPosition: START, filter });
    subscription.on("error", reject);
    subscription.on("data", () => {
      if (++seen < count) return;
      const rate = seen / seconds(start);
      subscription.unsubscribe().then(() => resolve(rate), reject);
    });
  });
}

/** From the call of append to the event's arrival at a live subscription. */
async function delivery(client, stream, count) {
  const times = [];
  let arrived = () => undefined;
  const filter = streamNameFilter({ prefixes: [stream] });
  const subscription = client.subscribeToAll({ fromPosition: END, filter });
  subscription.on("data", () => arrived());
  await new Promise((resolve) => subscription.once("confirmation", resolve));
  for (let n = 0; n < count; n++) {
    const before = performance.now();
    const seen = new Promise((resolve) => (arrived = resolve));
    await client.appendToStream(stream, event(n));
    await seen;
    times.push(performance.now() - before);
  }
  await subscription.unsubscribe();
  return times;
}

async function fill(client, run, count) {
  const start = performance.now();
  let next = 0;
  const work = async () => {
    while (next < count) {
      const from = next;
      next += 100;
      await client.appendToStream(`fill${run}-${(from / 100) % 200_000}`, events(from, 100));
    }
  };
  await Promise.all(Array.from({ length: 4 }, work));
  return count / seconds(start);
}

async function main() {
  const { values, positionals } = parseArgs({
    options: { scale: { type: "string", default: "1" }, fill: { type: "string", default: "0" } },
    allowPositionals: true,
  });
  const [url] = positionals;
  if (!url) throw new Error("usage: bench/eventstore.mjs CONNECTION_STRING [--scale NUMBER] [--fill EVENTS]");
  const client = EventStoreDBClient.connectionString(url);
  const run = randomUUID().slice(0, 8);
  const amount = (n) => Math.max(500, Math.round((n * Number(values.scale)) / 500) * 500);
  const show = (what, rate, unit, more = "") => console.log(`${what.padEnd(28)} ${rate.toFixed(0)} ${unit}${more}`);

  if (Number(values.fill) > 0) show("filling", await fill(client, run, Number(values.fill)), "events/s");
  await oneByOne(client, `bench-${run}-warm`, 300);
  await inFlight(client, `bench-${run}-warm`, 2000, 64);
  const single = await oneByOne(client, `bench-${run}-single`, amount(3000));
  show("appends, one after another", single.rate, "appends/s", ` (${spread(single.times)})`);
  show("appends, 64 in flight", await inFlight(client, `bench-${run}-flight`, amount(20_000), 64), "appends/s");
  const stream = `bench-${run}-batches`;
  const total = amount(100_000);
  show("batches of 500", await batches(client, stream, total, 500), "events/s");
  show("reading a stream", await reading(client, stream), "events/s");
  show("catching up $all by prefix", await catchUp(client, stream, total), "events/s");
  console.log(`${"append to delivery".padEnd(28)} ${spread(await delivery(client, `bench-${run}-live`, 500))}`);
  await client.dispose();
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
