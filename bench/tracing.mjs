#!/usr/bin/env node
/* global performance, fetch, setTimeout */
/*
 * What traces cost: the same requests to four processes of one shop, in turns of one run: without the code that makes
 * spans, with it but no collector (as it comes), with a tenth of the traces sent to a collector, and with all of them.
 *
 *   npm run build && node bench/tracing.mjs [--seconds 3] [--rounds 5] [--at-once 16]
 *
 * `without` is a copy of dist in which every question whether anything is traced is answered `false` in its text.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Pool } from "undici";

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
const children = [];
process.on("exit", () => children.forEach((child) => child.kill("SIGKILL")));

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
      const count = await load(pool, requestOf);
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

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Seconds of CPU that a process has used. */
function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

let sent = 0;

async function load(pool, requestOf) {
  let count = 0;
  const until = performance.now() + SECONDS * 1000;
  const work = async () => {
    while (performance.now() < until) {
      const { statusCode, body } = await pool.request(requestOf(sent++));
      await body.dump();
      if (statusCode >= 300) throw new Error(`answered ${statusCode}`);
      count++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return count;
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

async function openCart(url) {
  const json = async (method, path, headers, body) => {
    const answer = await fetch(url + path, {
      method,
      headers: { "content-type": "application/json", ...headers },
      body,
    });
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  };
  const listed = await json("GET", "/store/v1/products?inStock=true&limit=1", {});
  const [{ sku, slug }] = listed.items;
  const opened = await json("POST", "/store/v1/carts", {}, JSON.stringify({ currency: "GBP", country: "GB" }));
  const headers = { authorization: `Bearer ${opened.shopperToken}` };
  const { id } = opened;
  await json("POST", `/store/v1/carts/${id}/items`, headers, JSON.stringify({ sku, quantity: 1 }));
  const change = (n) => ({
    method: "PUT",
    path: `/store/v1/carts/${id}/email`,
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ email: `shopper+${n}@example.com` }),
  });
  return { id, slug, headers, change };
}

/** Starts a part of Millrace and answers the address that it prints. */
function started(dist, args, env) {
  const child = spawn(process.execPath, ["--max-semi-space-size=64", join(dist, "main.js"), ...args, "--port", "0"], {
    env: { ...process.env, LOG_LEVEL: "error", DATA_DIR: join(folder, "data"), ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (chunk) => {
      const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec((text += chunk)) ?? [];
      if (address) resolve({ url: address, pid: child.pid });
    });
    child.on("exit", (code) => reject(new Error(`millrace ${args[0]} ended with ${code}: ${text}`)));
  });
}

main()
  .catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  })
  .finally(async () => {
    for (const child of children.toReversed()) {
      child.kill("SIGTERM");
      if (child.exitCode === null) await Promise.race([once(child, "exit"), new Promise((r) => setTimeout(r, 10_000))]);
    }
    rmSync(folder, { recursive: true, force: true });
  });
