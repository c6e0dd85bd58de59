/* global setTimeout */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

/* Parts of Millrace as processes of their own, for benchmarks that ask over HTTP. */

const ADDRESS = /http:\/\/127\.0\.0\.1:\d+/;
/** ms that a process has to end by itself. */
const PATIENCE = 10_000;

/** Processes that end with this one. */
export class Processes {
  children = [];

  constructor() {
    process.on("exit", () => this.children.forEach((child) => child.kill("SIGKILL")));
  }

  add(child) {
    this.children.push(child);
    return child;
  }

  /** Starts a part of Millrace on a free port. @returns the address that it prints, and its pid */
  start(main, args, env) {
    const child = this.add(
      spawn(process.execPath, ["--max-semi-space-size=64", main, ...args, "--port", "0"], {
        env: { ...process.env, LOG_LEVEL: "error", ...env },
        stdio: ["ignore", "pipe", "inherit"],
      }),
    );
    return new Promise((resolve, reject) => {
      let text = "";
      child.stdout.on("data", (chunk) => {
        const [url] = ADDRESS.exec((text += chunk)) ?? [];
        if (url) resolve({ url, pid: child.pid });
      });
      child.on("exit", (code) => reject(new Error(`millrace ${args[0]} ended with ${code}: ${text}`)));
    });
  }

  /** The last first, as they need one another. */
  async stop() {
    for (const child of this.children.toReversed()) {
      child.kill("SIGTERM");
      if (child.exitCode === null)
        await Promise.race([once(child, "exit"), new Promise((r) => setTimeout(r, PATIENCE))]);
    }
  }
}

/** Seconds of CPU that a process has used; NaN where /proc does not tell. */
export function cpuOf(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1].split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return NaN;
  }
}
