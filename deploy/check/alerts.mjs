/* global fetch, performance, setTimeout */
import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventStoreDBClient, jsonEvent } from "@eventstore/db-client";
import { delayed } from "./delayed.mjs";

/*
 * A real Prometheus and Alertmanager (Debian: prometheus, prometheus-alertmanager) on running processes, in which things
 * are broken: a killed service, an event that no projection can take, a MongoDB that answers late. Each is seen to raise
 * its alert, which clears when it is mended. Needs `npm run build`.
 * The rules are those of deploy/monitoring with short times: they wait for 2 s, and look back 15 s instead of 5 min.
 * Exit code 77: skipped, as the programs are not here.
 */

const root = join(import.meta.dirname, "../..");
const missing = ["prometheus", "prometheus-alertmanager"].filter((name) => spawnSync(name, ["--version"]).error);
if (missing.length > 0) {
  console.log(
    `SKIPPED, nothing was tested: ${missing.join(" and ")} is not here (apt-get install ${missing.join(" ")}).`,
  );
  process.exit(77);
}

const folder = mkdtempSync(join(tmpdir(), "millrace-alerts-"));
const children = new Set();

function run(name, args, options = {}) {
  const child = spawn(name, args, { cwd: folder, ...options });
  const said = { text: "" };
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said.text += text));
  children.add(child);
  child.once("exit", () => children.delete(child));
  return { child, said };
}
const data = join(folder, "data");
const millraceWith = (env, ...args) =>
  run(process.execPath, [join(root, "dist/main.js"), ...args], {
    env: { ...process.env, DATA_DIR: data, LOG_LEVEL: "warn", ...env },
  });
const millrace = (...args) => millraceWith({}, ...args);

/** Waits for it, and says how long that took. */
async function until(what, probe, patience = 120_000) {
  const began = performance.now();
  for (const end = Date.now() + patience; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 200))) {
    const found = await Promise.resolve(probe()).catch(() => undefined);
    if (found) {
      console.log(`ok: ${what} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
      return found;
    }
  }
  throw new Error(`not seen: ${what}`);
}
const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** An event as no version of the shop ever wrote it. */
async function poison(eventstoreUrl) {
  const client = EventStoreDBClient.connectionString(eventstoreUrl);
  const [id, commandId] = [randomUUID(), randomUUID()];
  const metadata = {
    ...{ commandId, correlationId: commandId, causationId: commandId, actor: "check" },
    ...{ schemaVersion: 1, occurredAt: new Date().toISOString() },
  };
  await client.appendToStream("taxrate-ZZ", [jsonEvent({ id, type: "TaxRateSet", data: null, metadata })]);
  await client.dispose();
}

/** As an operator does it: looks where the work stands, and leaves that event out. */
async function skip(work) {
  const key = readFileSync(join(data, "development-key"), "utf8").trim();
  const headers = { "X-API-Key": key, "Content-Type": "application/json" };
  const { error } = await (await fetch(work, { headers })).json();
  const answer = await fetch(`${work}/skip`, {
    method: "POST",
    headers,
    body: JSON.stringify({ event: error?.event, reason: "written by a check" }),
  });
  if (answer.status !== 202) throw new Error(`${work}/skip answered ${answer.status}: ${await answer.text()}`);
}

try {
  const shop = millrace("start", "--no-seed", "--port", "0");
  const url = await until("the shop runs", () => /ready at http:\/\/(\S+)/.exec(shop.said.text)?.[1]);
  const [port, slowPort, prometheusPort, managerPort] = await Promise.all(Array.from({ length: 4 }, freePort));
  const { readRunRecord } = createRequire(import.meta.url)(join(root, "dist/cli/data-folder.js"));
  const stores = readRunRecord(data);
  let service = millrace("serve", "reference", "--port", String(port));
  const mongodb = await delayed(stores.mongoUrl);
  const slowed = millraceWith({ MONGODB_URL: mongodb.url }, "serve", "inventory", "--port", String(slowPort));
  await until("two services beside it", () => [service, slowed].every(({ said }) => said.text.includes("serving")));

  const rules = readFileSync(join(root, "deploy/monitoring/alerts.yml"), "utf8")
    .replace(/for: \d+[smh]/g, "for: 2s")
    .replaceAll("[5m]", "[15s]");
  writeFileSync(join(folder, "alerts.yml"), rules);
  writeFileSync(
    join(folder, "prometheus.yml"),
    JSON.stringify({
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: ["alerts.yml"],
      alerting: { alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${managerPort}`] }] }] },
      scrape_configs: [
        { job_name: "millrace", static_configs: [{ targets: [url] }] },
        { job_name: "reference", static_configs: [{ targets: [`127.0.0.1:${port}`] }] },
        { job_name: "inventory", static_configs: [{ targets: [`127.0.0.1:${slowPort}`] }] },
      ],
    }),
  );
  writeFileSync(
    join(folder, "alertmanager.yml"),
    JSON.stringify({ route: { receiver: "none" }, receivers: [{ name: "none" }] }),
  );
  run("prometheus-alertmanager", [
    "--config.file=alertmanager.yml",
    `--web.listen-address=127.0.0.1:${managerPort}`,
    "--cluster.listen-address=",
    "--storage.path=alertmanager",
  ]);
  run("prometheus", [
    "--config.file=prometheus.yml",
    "--storage.tsdb.path=prometheus",
    `--web.listen-address=127.0.0.1:${prometheusPort}`,
    "--rules.alert.resend-delay=2s",
  ]);

  /** What fires under a name, by labels that are asked for. */
  const firing = async (name, wanted = {}) => {
    const answer = await fetch(`http://127.0.0.1:${managerPort}/api/v2/alerts`);
    return (await answer.json()).filter(({ labels }) =>
      Object.entries({ alertname: name, ...wanted }).every(([label, value]) => labels[label] === value),
    );
  };
  const fires = async (name, wanted) => (await firing(name, wanted)).length > 0;
  const scraped = async () => {
    const answer = await fetch(`http://127.0.0.1:${prometheusPort}/api/v1/query?query=sum(up)`);
    return (await answer.json()).data.result[0]?.value[1] === "3";
  };
  await until("Prometheus reaches all", scraped);
  for (const name of ["MillraceServiceDown", "MillraceProjectionFailed", "MillraceDatabaseSlow"])
    if (await fires(name)) throw new Error(`${name} fires while all is well`);

  service.child.kill("SIGKILL");
  await until("MillraceServiceDown fires for a killed service", () =>
    fires("MillraceServiceDown", { job: "reference" }),
  );
  service = millrace("serve", "reference", "--port", String(port));
  await until("it clears when the service is back", async () => !(await fires("MillraceServiceDown")));

  await poison(stores.eventstoreUrl);
  const stopped = [
    { context: "reference", name: "taxrates" },
    { context: "cart", name: "regions" },
  ];
  await until("MillraceProjectionFailed fires for both projections that an event stops", async () =>
    (await Promise.all(stopped.map((work) => fires("MillraceProjectionFailed", work)))).every(Boolean),
  );
  if ((await firing("MillraceProjectionFailed")).length > stopped.length) throw new Error("others have stopped too");
  for (const { context, name } of stopped) await skip(`http://${url}/operations/v1/projections/${context}.${name}`);
  await until(
    "it clears when an operator has left the event out",
    async () => !(await fires("MillraceProjectionFailed")),
  );

  mongodb.delay(400);
  await until("MillraceDatabaseSlow fires for the service whose MongoDB answers late", () =>
    fires("MillraceDatabaseSlow", { job: "inventory" }),
  );
  if (await fires("MillraceDatabaseSlow", { job: "millrace" })) throw new Error("it fires where MongoDB is not slow");
  mongodb.delay(0);
  await until("it clears when MongoDB is fast again", async () => !(await fires("MillraceDatabaseSlow")));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  for (const child of [...children].reverse()) child.kill("SIGTERM");
  await Promise.all([...children].map((child) => new Promise((resolve) => child.once("exit", resolve))));
  rmSync(folder, { recursive: true, force: true });
}
