/* global fetch, setTimeout */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/*
 * A real Prometheus and Alertmanager (Debian: prometheus, prometheus-alertmanager) on running processes: a killed service
 * is seen to raise its alert, which clears when the service is back. Needs `npm run build`.
 * The rules are those of deploy/monitoring, with short intervals. Exit code 77: skipped, as the programs are not here.
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
const millrace = (...args) =>
  run(process.execPath, [join(root, "dist/main.js"), ...args], {
    env: { ...process.env, DATA_DIR: join(folder, "data") },
  });

async function until(what, probe, patience = 90_000) {
  for (const end = Date.now() + patience; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 200))) {
    const found = await Promise.resolve(probe()).catch(() => undefined);
    if (found) {
      console.log(`ok: ${what}`);
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

try {
  const shop = millrace("start", "--no-seed", "--port", "0");
  const url = await until("the shop runs", () => /ready at http:\/\/(\S+)/.exec(shop.said.text)?.[1]);
  const [port, prometheusPort, managerPort] = [await freePort(), await freePort(), await freePort()];
  let service = millrace("serve", "reference", "--port", String(port));
  await until("a service beside it", () => service.said.text.includes("serving"));

  const rules = readFileSync(join(root, "deploy/monitoring/alerts.yml"), "utf8").replace(/for: \d+[smh]/g, "for: 2s");
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

  const firing = async (name) => {
    const answer = await fetch(`http://127.0.0.1:${managerPort}/api/v2/alerts`);
    return (await answer.json()).filter(({ labels }) => labels.alertname === name);
  };
  const scraped = async () => {
    const answer = await fetch(`http://127.0.0.1:${prometheusPort}/api/v1/query?query=sum(up)`);
    return (await answer.json()).data.result[0]?.value[1] === "2";
  };
  await until("Prometheus reaches both", scraped);
  if ((await firing("MillraceServiceDown")).length > 0) throw new Error("an alert fires while all is well");

  service.child.kill("SIGKILL");
  await until("MillraceServiceDown fires for a killed service", async () =>
    (await firing("MillraceServiceDown")).some(({ labels }) => labels.job === "reference"),
  );
  service = millrace("serve", "reference", "--port", String(port));
  await until("it clears when the service is back", async () => (await firing("MillraceServiceDown")).length === 0);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  for (const child of [...children].reverse()) child.kill("SIGTERM");
  await Promise.all([...children].map((child) => new Promise((resolve) => child.once("exit", resolve))));
  rmSync(folder, { recursive: true, force: true });
}
