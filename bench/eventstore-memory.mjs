#!/usr/bin/env node
/*
 * Memory and start time of the bundled event store on a large log.
 *
 *   node bench/eventstore-memory.mjs [--events 2000000] [--port 2199] [--keep FOLDER]
 *
 * Starts `dist/main.js eventstore` on a new folder (on FOLDER with `--keep`, which is left there), fills it, and prints
 * the anonymous memory of its process at a quarter, at half and at the end; then restarts it, as after a stop and as
 * after a kill, and prints how long it took until an event of the log had been read. Linux only (/proc).
 */
/* global performance, URL */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { BACKWARDS, END, EventStoreDBClient, jsonEvent, START } from "@eventstore/db-client";

const { values } = parseArgs({
  options: {
    events: { type: "string", default: "2000000" },
    port: { type: "string", default: "2199" },
    keep: { type: "string" },
  },
});
const total = Number(values.events);
const data = values.keep ?? mkdtempSync(join(tmpdir(), "eventstore-memory-"));
const url = `esdb://127.0.0.1:${values.port}?tls=false`;
const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));

/** Starts the server and waits until it says that it listens. */
function start() {
  const server = spawn(process.execPath, [main, "eventstore", "--data", data, "--port", values.port], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = new Promise((resolve) => server.once("exit", resolve));
  const listening = new Promise((resolve, reject) => {
    server.stdout.on("data", (text) => String(text).includes("esdb://") && resolve());
    server.once("exit", (code) => reject(new Error(`The server ended with code ${code}.`)));
  });
  listening.catch(() => undefined);
  const end = async (signal) => {
    server.kill(signal);
    await exited;
  };
  return { pid: server.pid, listening, end };
}

function memory(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mib = (name) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
  return `RssAnon ${mib("RssAnon")} MiB (highest VmHWM with mapped files ${mib("VmHWM")} MiB)`;
}

const event = (n) =>
  jsonEvent({ type: "line-added", data: { n, sku: `SKU-${n % 1000}`, quantity: 1 + (n % 7), note: "x".repeat(120) } });

/** Writes events `from` up to `to`, a hundred to an append, over many streams. */
async function fill(client, run, from, to) {
  let next = from;
  const work = async () => {
    while (next < to) {
      const first = next;
      next += 100;
      const stream = `fill${run}-${(first / 100) % 5000}`;
      await client.appendToStream(
        stream,
        Array.from({ length: 100 }, (_, i) => event(first + i)),
      );
    }
  };
  await Promise.all(Array.from({ length: 4 }, work));
}

async function firstRead() {
  const client = EventStoreDBClient.connectionString(url);
  for (const direction of [undefined, BACKWARDS]) {
    const options = direction ? { direction, fromPosition: END, maxCount: 1 } : { fromPosition: START, maxCount: 1 };
    for await (const { event: read } of client.readAll(options)) if (!read) throw new Error("The log is empty.");
  }
  await client.dispose();
}

async function restart(what, previous, signal) {
  await previous.end(signal);
  const before = performance.now();
  const server = start();
  await server.listening;
  const listening = performance.now() - before;
  await firstRead();
  const read = performance.now() - before;
  console.log(
    `${what}: listening after ${listening.toFixed(0)} ms, first and last event read after ${read.toFixed(0)} ms`,
  );
  return server;
}

let server = start();
try {
  await server.listening;
  console.log(`empty: ${memory(server.pid)}`);
  const client = EventStoreDBClient.connectionString(url);
  const run = randomUUID().slice(0, 8);
  let from = 0;
  for (const to of [total / 4, total / 2, total]) {
    await fill(client, run, from, to);
    from = to;
    console.log(`${to} events: ${memory(server.pid)}`);
  }
  let read = 0;
  for await (const { event: found } of client.readAll({ fromPosition: START })) if (found) read++;
  console.log(`after reading all ${read} events: ${memory(server.pid)}`);
  await client.dispose();
  server = await restart("restart after a stop", server, "SIGTERM");
  const again = EventStoreDBClient.connectionString(url);
  await fill(again, run, from, from + 20_000);
  await again.dispose();
  server = await restart("restart after a kill while writing", server, "SIGKILL");
  console.log(`restarted: ${memory(server.pid)}`);
} finally {
  await server.end("SIGTERM");
  if (!values.keep) rmSync(data, { recursive: true, force: true });
}
