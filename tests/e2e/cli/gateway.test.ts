import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../../support/eventually";
import { Caller } from "../../support/http";
import { run, type Program } from "../../support/program";
import { answerJson, Upstream } from "../../integration/gateway/upstream";

/* The gateway as a program: its settings, SIGHUP, its end. */

let folder: string;
let file: string;
let upstream: Upstream;
const programs = new Set<Program>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-gateway-"));
  file = join(folder, "gateway.env");
  upstream = await Upstream.start("a");
});
afterAll(async () => {
  await Promise.all([...programs].map((program) => program.interrupt()));
  await upstream.kill();
  await rm(folder, { recursive: true, force: true });
});

function gateway(...args: string[]): Program {
  const program = run(["gateway", "--port", "0", ...args], { LOG_LEVEL: "info", DATA_DIR: folder });
  programs.add(program);
  void program.ended.then(() => programs.delete(program));
  return program;
}

const address = (program: Program): Promise<string> =>
  eventually(() => {
    if (program.child.exitCode !== null) throw new Error(program.err());
    return /gateway at (\S+)/.exec(program.out())?.[1];
  }, 30_000);

test("settings in its file are read again on SIGHUP; wrong ones change nothing; it ends what is under way", async () => {
  const settings = (...lines: string[]) =>
    writeFile(file, [`GATEWAY_SERVICES=cart=${upstream.url}`, ...lines].join("\n"));
  await settings();
  const program = gateway("--config", file);
  const caller = new Caller(await address(program));
  const cart = "/store/v1/carts/1";
  expect((await caller.get(cart)).headers).not.toHaveProperty("ratelimit");

  await settings("GATEWAY_LIMIT_CLIENT=1000/60");
  program.child.kill("SIGHUP");
  await eventually(async () => (await caller.get(cart)).headers["ratelimit"] !== undefined);

  await settings("GATEWAY_LIMIT_CLIENT=many");
  program.child.kill("SIGHUP");
  await eventually(() => program.err().includes("the new settings cannot be used"));
  expect((await caller.get(cart)).headers["ratelimit-policy"]).toBe('"client";q=1000;w=60');

  let finish: () => void = () => undefined;
  upstream.behave = (got, response, request) => {
    finish = () => void answerJson({ ended: true })(got, response, request);
  };
  const known = upstream.count;
  const under = caller.get(cart);
  await eventually(() => upstream.count > known);
  const ended = program.interrupt();
  finish();
  expect((await under).body).toEqual({ ended: true });
  expect(await ended).toBe(0);
  await caller.close();
});

test("what it cannot be told is said in one sentence", async () => {
  const program = gateway("--services", "shop=http://127.0.0.1:1");
  expect(await program.ended).toBe(1);
  expect(program.err()).toMatch(/^millrace: GATEWAY_SERVICES: there is no service shop, but /m);
  const missing = gateway("--config", join(folder, "nowhere"));
  expect(await missing.ended).toBe(1);
  expect(missing.err()).toContain("GATEWAY_CONFIG: ENOENT");
});
