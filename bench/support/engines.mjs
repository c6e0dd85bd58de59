import { createRequire } from "node:module";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(import.meta.url);
const { bringUpStores } = require("../../dist/engine/bundled-stores.js");
const { contextsOf } = require("../../dist/engine/contexts.js");
const { Engine } = require("../../dist/engine/engine.js");

/** Stores for a benchmark: the bundled ones on a folder that is removed, or what the environment names. */
export async function benchStores() {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const { EVENTSTORE_URL, MONGODB_URL } = process.env;
  const stores = await bringUpStores({
    dataDir: folder,
    eventstoreUrl: EVENTSTORE_URL || undefined,
    mongodbUrl: MONGODB_URL || undefined,
    log: () => undefined,
  });
  return {
    /** An engine of the whole shop. @param work what it works on */
    start: (work) =>
      Engine.start({
        contexts: contextsOf({ paymentTimeout: 60 }),
        eventstoreUrl: stores.eventstoreUrl,
        mongoUrl: stores.mongoUrl,
        mongoPrefix: "bench",
        writeConcern: stores.ownMongo ? 1 : "majority",
        work,
        report: (level, message, details) =>
          level !== "info" && process.stderr.write(`${message} ${details.error ?? ""}\n`),
      }),
    async stop() {
      await stores.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const number = (n) => Math.round(n).toLocaleString("en");

/** Quantiles of times, in ms. */
export function quantiles(times, digits = 2) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (q) => Number(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))].toFixed(digits));
  return { samples: sorted.length, median: at(0.5), p99: at(0.99), worst: at(1) };
}
