#!/usr/bin/env node
/* global performance */
/*
 * Measures the write side on one stream: a flash sale (many callers at once reserve pieces of one article) with lanes, and
 * with optimistic retries alone; what idempotency keys cost; and how soon a long stream takes a command that finds nothing
 * of it in memory.
 *
 *   npm run build && node bench/hot-stream.mjs [--callers NUMBER] [--seconds NUMBER] [--events NUMBER] [--json]
 *
 * Stores are the bundled ones on a folder of their own, which is removed; `EVENTSTORE_URL` and `MONGODB_URL` name others.
 * Commands go to the command handler directly: without HTTP, and without anybody who reads.
 */
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { benchStores, number, quantiles } from "./support/engines.mjs";

const require = createRequire(import.meta.url);
const { Services } = require("../dist/api/services.js");
const { stock } = require("../dist/domains/inventory/index.js");
const { CommandHandler, fingerprint, newId } = require("../dist/infra/runtime/index.js");

const { values: flags } = parseArgs({
  options: {
    callers: { type: "string", default: "500" },
    seconds: { type: "string", default: "5" },
    events: { type: "string", default: "100000" },
    samples: { type: "string", default: "100" },
    only: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const callers = Number(flags.callers);
const say = (text) => flags.json || process.stdout.write(`${text}\n`);
const wanted = (part) => flags.only === undefined || flags.only.split(",").includes(part);
const stores = await benchStores();
const engine = await stores.start([]);

const context = (more = {}) => {
  const commandId = newId();
  return { commandId, correlationId: commandId, actor: "key:bench", ...more };
};
const place = (sku) => ({ at: new Date().toISOString(), location: "main", sku });
const reserve = (sku) => ({
  type: "ReserveStock",
  ...place(sku),
  reservationId: newId(),
  quantity: 1,
  expiresAt: null,
});
const receive = (sku, quantity) => ({ type: "ReceiveStock", ...place(sku), quantity });

/** Callers at once, each sending its next command when the one before is answered. */
async function sale(sku, execute) {
  const times = [];
  const begun = performance.now();
  const until = begun + Number(flags.seconds) * 1000;
  const caller = async () => {
    while (performance.now() < until) {
      const from = performance.now();
      const answer = await execute(sku);
      if (answer.accepted !== true) throw new Error(`not accepted: ${JSON.stringify(answer)}`);
      times.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const perSecond = Math.round((times.length / (performance.now() - begun)) * 1000);
  const { median, p99 } = quantiles(times, 1);
  return { perSecond, commands: times.length, median, p99 };
}

async function opened(sku) {
  const outcome = await engine.commands.execute(stock, `main-${sku}`, receive(sku, 9_000_000), context());
  if (!outcome.accepted) throw outcome.error;
}

async function withLanes() {
  await opened("LANES");
  const handler = new CommandHandler(engine.log, { snapshots: engine.snapshots });
  const result = await sale("LANES", (sku) => handler.execute(stock, `main-${sku}`, reserve(sku), context()));
  return { ...result, appends: handler.figures.appends };
}

/** Each caller for itself, as processes without lanes are: what it knows of the stream, append, and again when it lost. */
async function withRetriesAlone() {
  await opened("RETRIES");
  const handlers = Array.from({ length: callers }, () => new CommandHandler(engine.log, { attempts: 1_000_000 }));
  let next = 0;
  const result = await sale("RETRIES", (sku) =>
    handlers[next++ % callers].execute(stock, `main-${sku}`, reserve(sku), context()),
  );
  return { ...result, conflicts: handlers.reduce((sum, { figures }) => sum + figures.conflicts, 0) };
}

/** The same through what remembers answers, with and without an idempotency key. */
async function keyed(withKey) {
  const sku = withKey ? "KEYED" : "PLAIN";
  await opened(sku);
  const { commands, models, log, answers, forget } = engine;
  const services = new Services({ commands, models, log, answers, forget, tokens: undefined, currency: "GBP" }).within(
    "inventory",
  );
  return sale(sku, (each) => {
    const command = reserve(each);
    const around = context(withKey ? { commandHash: fingerprint(command, engine.people?.fingerprintKey) } : {});
    return services.execute(stock, `main-${each}`, command, around);
  });
}

/** Not counted: what a process does for the first times. */
const WARM_UP = 100;

/** A stream of many commands; then each command comes to a process that has nothing of it in memory. */
async function cold() {
  const sku = "COLD";
  const events = Number(flags.events);
  const filling = new CommandHandler(engine.log, { snapshots: engine.snapshots });
  let sent = 1;
  await filling.execute(stock, `main-${sku}`, receive(sku, 9_000_000), context());
  const caller = async () => {
    while (sent < events) {
      sent += 2;
      const { reservationId, ...command } = reserve(sku);
      await filling.execute(stock, `main-${sku}`, { ...command, reservationId }, context());
      const release = { type: "ReleaseReservation", ...place(sku), reservationId, reason: "bench" };
      await filling.execute(stock, `main-${sku}`, release, context());
    }
  };
  await Promise.all(Array.from({ length: 400 }, caller));
  await engine.snapshots?.settled();
  const times = [];
  for (let n = -WARM_UP; n < Number(flags.samples); n++) {
    // Small, as making and freeing room for 10,000 aggregates each time is nothing that a process does.
    const handler = new CommandHandler(engine.log, { snapshots: engine.snapshots, cacheSize: 1 });
    const from = performance.now();
    const outcome = await handler.execute(stock, `main-${sku}`, receive(sku, 1), context());
    if (n >= 0) times.push(performance.now() - from);
    if (!outcome.accepted) throw outcome.error;
  }
  return { events: sent, ...quantiles(times) };
}

const shown = ({ perSecond, commands, median, p99 }) =>
  `${number(perSecond)} commands/s (${number(commands)}; answered in ${median} ms, p99 ${p99} ms)`;

try {
  const results = {};
  if (wanted("sale")) {
    results.lanes = await withLanes();
    say(`lanes:          ${shown(results.lanes)} in ${number(results.lanes.appends)} appends`);
    results.retries = await withRetriesAlone();
    say(`retries alone:  ${shown(results.retries)}, ${number(results.retries.conflicts)} lost races`);
  }
  if (wanted("keys")) {
    results.plain = await keyed(false);
    say(`without keys:   ${shown(results.plain)}`);
    results.keyed = await keyed(true);
    const share = Math.round((results.keyed.perSecond / results.plain.perSecond) * 100);
    say(`with keys:      ${shown(results.keyed)}, ${share} % of the rate without`);
  }
  if (wanted("cold")) {
    results.cold = await cold();
    const { events, samples, median, p99, worst } = results.cold;
    say(`cold command on ${number(events)} events: median ${median} ms, p99 ${p99} ms, worst ${worst} ms (${samples})`);
  }
  if (flags.json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
} finally {
  await engine.stop();
  await stores.stop();
}
