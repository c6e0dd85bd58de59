import { spawn } from "node:child_process";
import { get } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath, URL } from "node:url";

/*
 * What must have happened before the services of a version start: the shop has its reference data, and every read model
 * that this version wants is built beside the one that serves, is level, and has taken its place. A whole engine of this
 * version does it, unseen by shoppers, and is stopped as soon as it says that it is ready. Nothing is left to do the next
 * time, and what is interrupted goes on where it was.
 *
 * `--seed` fills an empty shop with demo articles.
 */
const PORT = "8099";
const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const seed = process.argv.includes("--seed") ? [] : ["--no-seed"];
const engine = spawn(
  process.execPath,
  ["--import", new URL("secrets.mjs", import.meta.url).href, main, "start", ...seed, "--port", PORT],
  { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, HOST: "127.0.0.1" } },
);
const ended = new Promise((resolve) => engine.on("exit", (code, signal) => resolve(code ?? signal)));

let stopped = false;
const stop = () => {
  stopped = true;
  engine.kill("SIGTERM");
};
process.on("SIGTERM", stop);
process.on("SIGINT", stop);

const isReady = () =>
  new Promise((resolve) => {
    const request = get({ host: "127.0.0.1", port: PORT, path: "/health/ready", timeout: 5_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(false));
  });

async function untilReady() {
  while (!stopped) {
    if (await isReady()) return true;
    await pause(500);
  }
  return false;
}

const ready = await Promise.race([untilReady(), ended.then(() => false)]);
if (ready) stop();
await ended;
console.log(ready ? "prepared" : "not prepared: the engine ended before it was ready");
process.exit(ready ? 0 : 1);
