#!/usr/bin/env node
/* global performance */
/*
 * Measures the read side: how fast read models are built from the log, beside what plain `bulkWrite` of the very same
 * batches of documents takes on the same store right afterwards, and how soon an event is visible at rest.
 *
 *   npm run build && node bench/projections.mjs [--carts NUMBER] [--samples NUMBER] [--json]
 *
 * Stores are the bundled ones on a folder of their own, which is removed; `EVENTSTORE_URL` and `MONGODB_URL` name others
 * (fresh ones: the whole log is read). `--carts` (default 40,000) are six events each, and one of stock with every second.
 */
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { benchStores, number, quantiles } from "./support/engines.mjs";
import { median } from "./support/requests.mjs";

const require = createRequire(import.meta.url);
const { ReadModel, newId } = require("../dist/infra/runtime/index.js");

const { values: flags } = parseArgs({
  options: {
    carts: { type: "string", default: "40000" },
    samples: { type: "string", default: "400" },
    json: { type: "boolean", default: false },
  },
});
const say = (text) => flags.json || process.stdout.write(`${text}\n`);
const stores = await benchStores();
const engines = new Set();
/** Revisions of the stock streams. */
const stocked = new Map();
const occurredAt = new Date().toISOString();

async function measure() {
  const events = await fill(await start([]));
  say(`${number(events)} events in the log`);
  const idle = await startUp();
  say(`an engine that does nothing starts in ${idle.toFixed(2)} s, which is taken off`);
  const built = [];
  for (const name of ["cart.carts", "inventory.levels", "analytics.cart-events"]) built.push(await catchUp(name, idle));
  return { events, built, visible: await visibility() };
}

async function start(work) {
  const engine = await stores.start(work);
  engines.add(engine);
  return engine;
}

async function stop(engine) {
  engines.delete(engine);
  await engine.stop();
}

const recorded = (type, data) => {
  const id = newId();
  const metadata = {
    commandId: id,
    correlationId: id,
    causationId: id,
    actor: "key:bench",
    schemaVersion: 1,
    occurredAt,
  };
  return { id, type, data, metadata };
};

function cartEvents(cartId) {
  const item = (n) =>
    recorded("ItemAdded", {
      cartId,
      lineId: newId(),
      sku: `SKU-${n}`,
      productId: newId(),
      name: `Article number ${n}, in red`,
      quantity: 1 + (n % 3),
      unitPrice: "12.95",
      taxCategory: "standard",
    });
  const rates = { standard: "20" };
  const opened = { cartId, currency: "GBP", country: "GB", owner: newId(), taxRegime: "inclusive", rates };
  return [recorded("CartOpened", opened), ...Array.from({ length: 5 }, (_, n) => item(n))];
}

/** Carts come one item after another, forty shoppers at a time, as they do in a shop. */
async function fill(engine) {
  const carts = Number(flags.carts);
  let begun = 0;
  let events = 0;
  const shopper = async () => {
    while (begun++ < carts) {
      const n = begun;
      const cartId = newId();
      const [first, ...items] = cartEvents(cartId);
      await engine.log.append(`cart-${cartId}`, [first, ...items.slice(0, 2)], -1);
      await engine.log.append(`cart-${cartId}`, items.slice(2), 2);
      events += 6;
      if (n % 2 === 0) {
        const sku = `SKU-${n % 1_000}`;
        const stock = recorded("StockReceived", { location: "main", sku, quantity: 5, reference: null });
        const stream = `stock-main-${sku}`;
        const revision = stocked.get(stream) ?? -1;
        stocked.set(stream, revision + 1);
        await engine.log.append(stream, [stock], revision);
        events++;
      }
    }
  };
  await Promise.all(Array.from({ length: 40 }, shopper));
  await stop(engine);
  return events;
}

/** Seconds that a process takes to come up, whatever it works on. */
async function startUp() {
  const times = [];
  for (let n = 0; n < 3; n++) {
    const begun = performance.now();
    const engine = await start([]);
    times.push((performance.now() - begun) / 1000);
    await stop(engine);
  }
  return median(times);
}

/** Builds one read model from the log, and writes the same batches without the log. */
async function catchUp(name, idle) {
  const batches = [];
  const { committed } = ReadModel.prototype;
  ReadModel.prototype.committed = function (documents, position) {
    if (documents.size > 0) batches.push(documents);
    return committed.call(this, documents, position);
  };
  const begun = performance.now();
  const engine = await start([name]);
  const [context, bare] = name.split(".");
  const end = await engine.log.endPosition();
  const model = engine.models.get(context, bare);
  while (model.position < end) await sleep(5);
  const projected = (performance.now() - begun) / 1000 - idle;
  ReadModel.prototype.committed = committed;

  // The same on the same store: the batches as they were committed, or a feed's rows as many at a time.
  const { collection } = model;
  const rows = batches.length === 0 ? await collection.find().batchSize(500).toArray() : [];
  const plain = engine.stores.collection(context, `plain_${bare}`);
  for (const { key } of await collection.indexes()) if (!("_id" in key)) await plain.createIndex(key);
  const writes = batches.map((documents) =>
    [...documents].map(([_id, replacement]) => ({ replaceOne: { filter: { _id }, replacement, upsert: true } })),
  );
  for (let n = 0; n < rows.length; n += 2_000)
    writes.push(rows.slice(n, n + 2_000).map((document) => ({ insertOne: { document } })));
  const from = performance.now();
  for (const batch of writes) await plain.bulkWrite(batch, { ordered: false });
  const written = (performance.now() - from) / 1000;
  await stop(engine);
  const documents = writes.reduce((sum, batch) => sum + batch.length, 0);
  const ratio = written / projected;
  say(
    `${name}: ${number(documents)} documents in ${writes.length} batches: ${projected.toFixed(2)} s from the log, ` +
      `${written.toFixed(2)} s by bulkWrite alone: ${(100 * ratio).toFixed(0)}%`,
  );
  return { name, documents, batches: writes.length, projected, written, ratio };
}

/** From the answer of an append until the document can be read, one at a time. */
async function visibility() {
  const engine = await start("all");
  const model = engine.models.get("cart", "carts");
  if (!(await engine.level(120_000))) throw new Error("the read models do not become level");
  const times = [];
  for (let n = 0; n < Number(flags.samples) + 20; n++) {
    const cartId = newId();
    const { position } = await engine.log.append(`cart-${cartId}`, cartEvents(cartId).slice(0, 1), -1);
    const answered = performance.now();
    if (!(await model.waitFor(position, 10_000)) || !(await model.get(cartId))) throw new Error("it does not show");
    if (n >= 20) times.push(performance.now() - answered);
    await sleep(15 + Math.random() * 20);
  }
  await stop(engine);
  const visible = quantiles(times);
  say(`visible at rest after: median ${visible.median} ms, p99 ${visible.p99} ms, worst ${visible.worst} ms`);
  return visible;
}

try {
  const results = await measure();
  if (flags.json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
} finally {
  for (const engine of engines) await engine.stop();
  await stores.stop();
}
