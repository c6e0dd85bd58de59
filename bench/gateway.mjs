#!/usr/bin/env node
/* global fetch, URL, setTimeout */
/*
 * What the gateway costs: the same requests sent straight to the engine, through `millrace gateway`, and through HAProxy
 * doing plain proxying, in turns of one run.
 *
 *   npm run build && node bench/gateway.mjs [--seconds 3] [--rounds 3] [--at-once 16]
 *
 * Rates are of a machine on which load generator, proxy, engine and stores share the cores: what a proxy computes, the
 * engine has not. Medians at one request at a time tell what a hop adds. HAProxy is left out where it is not installed.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Pool } from "undici";
import { cpuOf, Processes } from "./support/processes.mjs";
import { load, median, openCart } from "./support/requests.mjs";

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "3" },
    rounds: { type: "string", default: "3" },
    "at-once": { type: "string", default: "16" },
  },
});
const SECONDS = Number(options.seconds);
const ROUNDS = Number(options.rounds);
const AT_ONCE = Number(options["at-once"]);

const folder = mkdtempSync(join(tmpdir(), "millrace-gateway-bench-"));
const processes = new Processes();

async function main() {
  const engine = await processes.start("dist/main.js", ["start", "--data", join(folder, "data")], {});
  const gateway = await processes.start("dist/main.js", ["gateway", "--services", `*=${engine.url}`], {
    GATEWAY_LIMIT_CLIENT: "1000000/1",
  });
  const targets = [{ name: "straight", ...engine }, { name: "gateway", ...gateway }, ...(await haproxy(engine.url))];
  const cart = await openCart(engine.url);
  const page = { method: "GET", path: `/store/v1/products/${cart.slug}` };
  const read = { method: "GET", path: `/store/v1/carts/${cart.id}`, headers: cart.headers };
  const loads = [
    ["product page (kept)", () => page],
    ["cart (never kept)", () => read],
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
    medians: [],
    cpu: [],
  }));
  for (const { pool } of runs) await load(pool, requestOf, AT_ONCE, 1);
  for (let round = 0; round < ROUNDS; round++) {
    for (const { pool, pid, rates, medians, cpu } of runs) {
      const before = cpuOf(pid);
      const times = await load(pool, requestOf, AT_ONCE, SECONDS);
      cpu.push((cpuOf(pid) - before) / times.length);
      rates.push(times.length / SECONDS);
      medians.push(median(await load(pool, requestOf, 1, Math.max(1, SECONDS / 2))));
    }
  }
  console.log(`\n${name}`);
  const [straight] = runs;
  for (const { name: target, pool, rates, medians, cpu } of runs) {
    await pool.destroy();
    const rate = median(rates);
    const p50 = median(medians);
    console.log(
      `  ${target.padEnd(9)} ${String(Math.round(rate)).padStart(7)}/s${share(rate / median(straight.rates))} at ${AT_ONCE} at once;` +
        ` p50 ${p50.toFixed(2)} ms (${signed(p50 - median(straight.medians))} ms) one at a time;` +
        ` ${Math.round(median(cpu) * 1e6)} µs of CPU a request in ${target === "straight" ? "the engine" : "it"}`,
    );
  }
}

const share = (part) => ` (${Math.round(part * 100)} %)`.padEnd(8);
const signed = (ms) => `${ms < 0 ? "-" : "+"}${Math.abs(ms).toFixed(2)}`;

async function haproxy(engineUrl) {
  if (spawnSync("haproxy", ["-v"]).status !== 0) return [];
  const port = await freePort();
  const file = join(folder, "haproxy.cfg");
  const { host } = new URL(engineUrl);
  writeFileSync(
    file,
    `defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen engine
  bind 127.0.0.1:${port}
  http-reuse always
  server engine ${host}
`,
  );
  const child = processes.add(spawn("haproxy", ["-q", "-f", file], { stdio: "inherit" }));
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    const up = await fetch(`${url}/health/live`).catch(() => undefined);
    if (up?.ok) return [{ name: "HAProxy", url, pid: child.pid }];
    if (child.exitCode !== null) throw new Error("HAProxy did not start");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

main()
  .catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  })
  .finally(async () => {
    await processes.stop();
    rmSync(folder, { recursive: true, force: true });
  });
