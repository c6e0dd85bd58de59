#!/usr/bin/env node
/*
 * What traces cost: the same requests to four processes of one shop, in turns of one run: without the code that makes
 * spans, with it but no collector (as it comes), with a tenth of the traces sent to a collector, and with all of them.
 *
 *   npm run build && node bench/tracing.mjs [--seconds 3] [--rounds 5] [--at-once 16]
 *
 * `without` is a copy of dist in which every question whether anything is traced is answered `false` in its text.
 */
import { once } from "node:events";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Pool } from "undici";
import { cpuOf, Processes } from "./support/processes.mjs";
import { load, median, openCart } from "./support/requests.mjs";

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "3" },
    rounds: { type: "string", default: "5" },
    "at-once": { type: "string", default: "16" },
  },
});
const SECONDS = Number(options.seconds);
const ROUNDS = Number(options.rounds);
const AT_ONCE = Number(options["at-once"]);

const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "millrace-tracing-bench-"));
const processes = new Processes();

async function main() {
  const collector = await startCollector();
  const bare = withoutTracing();
  const engine = await started(join(root, "dist"), ["start"], {});
  const serve = (dist, env) => started(dist, ["serve", "cart", "storefront", "--no-work"], env);
  const targets = [
    { name: "without", ...(await serve(bare, {})) },
    { name: "off", ...(await serve(join(root, "dist"), {})) },
    { name: "a tenth", ...(await serve(join(root, "dist"), { ...collector.env, OTEL_TRACES_SAMPLER_ARG: "0.1" })) },
    { name: "all", ...(await serve(join(root, "dist"), { ...collector.env, OTEL_TRACES_SAMPLER_ARG: "1" })) },
  ];
  const cart = await openCart(engine.url);
  const loads = [
    ["product page", () => ({ method: "GET", path: `/store/v1/products/${cart.slug}` })],
    ["cart", () => ({ method: "GET", path: `/store/v1/carts/${cart.id}`, headers: cart.headers })],
    ["cart command", cart.change],
  ];
  for (const [name, requestOf] of loads) await compared(name, requestOf, targets);
}

/** Turns, so that what else the machine does hits all alike. */
async function compared(name, requestOf, targets) {
  const runs = targets.map((target) => ({
    ...target,
    pool: new Pool(target.url, { connections: AT_ONCE, pipelining: 1 }),
    rates: [],
    cpu: [],
  }));
  for (let round = -1; round < ROUNDS; round++)
    for (const { pool, pid, rates, cpu } of runs) {
      const before = cpuOf(pid);
      const { length: count } = await load(pool, requestOf, AT_ONCE, SECONDS);
      if (round < 0) continue;
      rates.push(count / SECONDS);
      cpu.push(((cpuOf(pid) - before) / count) * 1e6);
    }
  console.log(`\n${name}`);
  const base = median(runs[1].cpu);
  for (const { name: target, pool, rates, cpu } of runs) {
    await pool.destroy();
    const share = Math.round((median(cpu) / base) * 100);
    console.log(
      `  ${target.padEnd(8)} ${String(Math.round(median(rates))).padStart(7)}/s; ` +
        `${median(cpu).toFixed(1)} µs of CPU a request (${share} % of off)`,
    );
  }
}

/** Takes spans and throws them away. */
async function startCollector() {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => response.writeHead(200, { "Content-Type": "application/json" }).end("{}"));
  }).listen(0, "127.0.0.1");
  server.unref();
  await once(server, "listening");
  return { env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${server.address().port}` } };
}

function withoutTracing() {
  const copy = join(folder, "dist");
  cpSync(join(root, "dist"), copy, { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  cpSync(join(root, "package.json"), join(folder, "package.json"));
  for (const name of readdirSync(copy, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".js")) continue;
    const text = readFileSync(join(copy, name), "utf8");
    const bare = text.replace(/\(0, \w+\.isTracing\)\(\)/g, "false");
    if (bare !== text) writeFileSync(join(copy, name), bare);
  }
  return copy;
}

const started = (dist, args, env) =>
  processes.start(join(dist, "main.js"), args, { DATA_DIR: join(folder, "data"), ...env });

main()
  .catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  })
  .finally(async () => {
    await processes.stop();
    rmSync(folder, { recursive: true, force: true });
  });
