import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { request } from "undici";
import { configOf, startTestGateway, type TestGateway } from "./gateway";

/* The shop's own files, where no route is. */

const SCRIPT = `console.log(${JSON.stringify("mill ".repeat(1_000))});`;
let folder: string;
let gateway: TestGateway;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-files-"));
  await mkdir(join(folder, "assets"));
  await mkdir(join(folder, ".git"));
  await writeFile(join(folder, "index.html"), "<!doctype html><title>Shop</title>");
  await writeFile(join(folder, "assets", "main-BqX3_7kd.js"), SCRIPT);
  await writeFile(join(folder, "assets", "über uns.txt"), "us");
  await writeFile(join(folder, ".git", "config"), "secret");
  await writeFile(join(folder, ".env"), "SECRET=1");
  gateway = await startTestGateway({ GATEWAY_FILES: folder, GATEWAY_SERVICES: "" });
});
afterAll(async () => {
  await gateway.stop();
  await rm(folder, { recursive: true, force: true });
});

const fetched = async (path: string, headers: Record<string, string> = {}) => {
  const { statusCode, headers: received, body } = await request(`${gateway.url}${path}`, { headers });
  return { status: statusCode, headers: received, bytes: Buffer.from(await body.arrayBuffer()) };
};

test("a page is asked about before each use, what bears its content's mark is kept for good", async () => {
  const page = await fetched("/");
  expect(page.headers).toMatchObject({
    "content-type": "text/html; charset=utf-8",
    "cache-control": "public, max-age=0, must-revalidate",
    "x-content-type-options": "nosniff",
  });
  expect(page.headers["content-security-policy"]).toContain("default-src 'self'");
  expect((await fetched("/", { "If-None-Match": String(page.headers["etag"]) })).status).toBe(304);
  const script = await fetched("/assets/main-BqX3_7kd.js");
  expect(script.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
  expect(script.bytes.toString()).toBe(SCRIPT);
});

test("packed as the caller takes it", async () => {
  const path = "/assets/main-BqX3_7kd.js";
  const br = await fetched(path, { "Accept-Encoding": "gzip, deflate, br" });
  expect([br.headers["content-encoding"], br.headers["vary"]]).toEqual(["br", "Accept-Encoding"]);
  expect(brotliDecompressSync(br.bytes).toString()).toBe(SCRIPT);
  const gzip = await fetched(path, { "Accept-Encoding": "gzip, br;q=0" });
  expect(gunzipSync(gzip.bytes).toString()).toBe(SCRIPT);
  expect((await fetched(path, { "Accept-Encoding": "identity" })).headers).not.toHaveProperty("content-encoding");
});

test("names are read as they are written; what is hidden, above or not there is not found", async () => {
  expect((await fetched("/assets/%C3%BCber%20uns.txt")).bytes.toString()).toBe("us");
  for (const path of ["/.env", "/.git/config", "/assets", "/nowhere.js", "/%E0%A4%A"])
    expect([path, (await fetched(path)).status]).toEqual([path, 404]);
  expect((await fetched("/assets/..%2f.env")).status).toBe(400);
});

test("new settings read the files anew", async () => {
  await writeFile(join(folder, "robots.txt"), "User-agent: *");
  expect((await fetched("/robots.txt")).status).toBe(404);
  await gateway.reload(configOf({ GATEWAY_FILES: folder, GATEWAY_SERVICES: "*=registered" }));
  expect((await fetched("/robots.txt")).status).toBe(200);
  await expect(async () => gateway.reload(configOf({ GATEWAY_FILES: join(folder, "nowhere") }))).rejects.toThrow("ENOENT"); // prettier-ignore
  expect((await fetched("/robots.txt")).status).toBe(200);
});
