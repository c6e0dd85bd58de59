import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../../support/eventually";
import { run, type Program } from "../../support/program";

let folder: string;
const programs = new Set<Program>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-start-"));
});
afterAll(async () => {
  await Promise.all([...programs].map((program) => program.interrupt()));
  await rm(folder, { recursive: true, force: true });
});

function start(...args: string[]): Program {
  const program = run(["start", "--port", "0", "--data", folder, ...args], { LOG_LEVEL: "warn" });
  programs.add(program);
  void program.ended.then(() => programs.delete(program));
  return program;
}

async function ready(program: Program): Promise<string> {
  const text = await eventually(() => {
    if (program.child.exitCode !== null) throw new Error(program.err());
    return /Millrace is ready at (\S+)/.exec(program.out())?.[1];
  }, 60_000);
  await eventually(() => program.out().includes("development key"));
  return text;
}

/** The commands that the program suggests, as requests. */
const suggestions = (text: string) =>
  [...text.matchAll(/^ {4}curl -s (.*)$/gm)].map(([, line = ""]) => {
    const headers = Object.fromEntries([...line.matchAll(/-H '([^:']+): ([^']+)'/g)].map(([, k, v]) => [k, v]));
    const body = /-d '([^']+)'/.exec(line)?.[1];
    const url = /http[^' ]+/.exec(line)?.[0] ?? "";
    return { url, init: { headers, ...(body !== undefined && { method: "POST", body }) } };
  });

test("a first start brings everything up, suggests what works, and keeps the folder to itself", async () => {
  const shop = start();
  const url = await ready(shop);
  const suggested = suggestions(shop.out());
  expect(suggested.length).toBeGreaterThanOrEqual(3);
  for (const { url, init } of suggested) {
    const answer = await fetch(url, init);
    expect([url, answer.status]).toEqual([url, init.method === "POST" ? 201 : 200]);
  }
  const articles = (await (await fetch(`${url}/store/v1/products?limit=1`)).json()) as { total: number };
  expect(articles.total).toBe(150);
  expect((await stat(join(folder, "development-key"))).mode & 0o077).toBe(0);

  const second = start();
  expect(await second.ended).toBe(1);
  expect(second.err()).toMatch(/^millrace: .* is in use by another Millrace \(process \d+\)/);
  expect((await fetch(`${url}/health/ready`)).status).toBe(200);

  // What was written is there at the next start, and the demo articles are not there twice.
  const opened = await fetch(`${url}/store/v1/carts`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: '{"currency":"GBP"}',
  });
  const { id, shopperToken } = (await opened.json()) as { id: string; shopperToken: string };
  const begun = Date.now();
  expect(await shop.interrupt()).toBe(0);
  expect(Date.now() - begun).toBeLessThan(10_000);
  expect(existsSync(join(folder, "run.json"))).toBe(false);

  const again = start();
  const address = await ready(again);
  const cart = await fetch(`${address}/store/v1/carts/${id}`, { headers: { Authorization: `Bearer ${shopperToken}` } });
  expect(await cart.json()).toMatchObject({ id, status: "open" });
  expect(await (await fetch(`${address}/store/v1/products?limit=1`)).json()).toMatchObject({ total: 150 });

  // A person is forgotten, and nothing is left of them: not in the stores, not in the folder's files.
  expect((await stat(join(folder, "master-key"))).mode & 0o077).toBe(0);
  const headers = { Authorization: `Bearer ${shopperToken}`, "Content-Type": "application/json" };
  const email = JSON.stringify({ email: "zaphod@example.org" });
  expect((await fetch(`${address}/store/v1/carts/${id}/email`, { method: "PUT", headers, body: email })).status).toBe(
    200,
  );
  const key = { "X-API-Key": (await readFile(join(folder, "development-key"), "utf8")).trim() };
  const found = await (await fetch(`${address}/admin/v1/people?text=zaphod@example.org`, { headers: key })).json();
  const { items } = found as { items: [{ id: string }] };
  const verify = () => run(["verify", "--forgotten", items[0].id, "--value", "zaphod@example.org", "--data", folder]);
  const before = verify();
  expect([await before.ended, before.out()]).toEqual([
    1,
    expect.stringMatching(/^ {2}key: the id in the key \w{20}$/m),
  ]);
  expect(await run(["forget", items[0].id, "--reason", "asked", "--data", folder]).ended).toBe(0);
  const after = verify();
  expect([await after.ended, after.out()]).toEqual([0, expect.stringContaining("Nothing of the person is left.")]);
  expect(await again.interrupt()).toBe(0);
}, 120_000);

test.each([
  [["start", "--port", "http"], {}, /^millrace: --port \(or PORT\) cannot be "http": it must be a whole number from 0/],
  [["start"], { CURRENCY: "pounds" }, /^millrace: CURRENCY cannot be "pounds": it must be an ISO 4217 code/],
  [["serve", "kitchen"], {}, /^millrace: There is no context kitchen\. The contexts are reference, catalog, pricing/],
  [["serve"], {}, /^millrace: serve wants the names of the contexts to serve\. The contexts are reference, catalog/],
  [["work", "magic"], {}, /^millrace: There is no work called magic\. There is: /],
  [
    ["import", "online-retail", "/no/such/file"],
    {},
    /^millrace: \/no\/such\/file cannot be read: there is no such file/,
  ],
  [["eventstore", "--port", "70000"], {}, /^millrace: --port must be a whole number from 0 to 65535, not 70000/],
])("%j is refused in one clear line", async (args, env, message) => {
  const program = run(args, { ...env, DATA_DIR: join(folder, "other") });
  expect(await program.ended).toBe(1);
  expect(program.err()).toMatch(message);
  expect(program.err().trim().split("\n")).toHaveLength(1);
});

test.each([
  ["--help"],
  ["start", "--help"],
  ["serve", "--help"],
  ["import", "online-retail", "--help"],
  ["bench", "--help"],
])("help: %s %s", async (...args) => {
  const program = run(args);
  expect(await program.ended).toBe(0);
  expect(program.out()).toMatch(/^Usage: millrace/);
});
