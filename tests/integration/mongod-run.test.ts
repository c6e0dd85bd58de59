import { spawn } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { MongoClient, type Collection } from "mongodb";
import { startMongod, type RunningMongod, type StartOptions } from "../../src/infra/bundled/mongod";
import { identify, isRunning } from "../../src/infra/bundled/mongod/process-identity";
import { eventually } from "../support/eventually";

/** Each test starts servers, some of them more than once; a busy machine may take its time. */
jest.setTimeout(240_000);

interface Doc {
  _id: number;
}

let dir: string;
let lines: string[];
const running: RunningMongod[] = [];
const servers: Server[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "millrace-mongod-"));
  lines = [];
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.stop()));
  for (const server of servers.splice(0)) server.close();
  await rm(dir, { recursive: true, force: true });
});

async function start(options: Partial<StartOptions> = {}): Promise<RunningMongod> {
  const log = (line: string) => lines.push(line);
  const mongod = await startMongod({ dataDir: join(dir, "mongo"), cacheSizeGB: 0.25, log, ...options });
  running.push(mongod);
  return mongod;
}

async function withDocs<T>(url: string, work: (docs: Collection<Doc>, client: MongoClient) => Promise<T>): Promise<T> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 5_000 });
  try {
    return await work(client.db("test").collection<Doc>("docs"), client);
  } finally {
    await client.close();
  }
}

async function insert(url: string, ...ids: number[]): Promise<void> {
  await withDocs(url, async (docs) => {
    for (const _id of ids) await docs.insertOne({ _id }, { writeConcern: { w: "majority", j: true } });
  });
}

async function ids(url: string): Promise<number[]> {
  const found = await withDocs(url, (docs) => docs.find().sort({ _id: 1 }).toArray());
  return found.map((doc) => doc._id);
}

/** Takes a port as another program would; a `silent` one accepts and never answers. */
async function occupy(port: number, silent: boolean): Promise<void> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    if (!silent) socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  expect((server.address() as AddressInfo).port).toBe(port);
}

/** The same start in a process of its own, which can be killed; TypeScript is compiled as it is loaded. */
async function startElsewhere(dataDir: string): Promise<{ pid: number; mongodPid: number; url: string; kill(): void }> {
  const script = `
    const { transformFileSync } = require("@swc/core");
    require.extensions[".ts"] = (module, file) =>
      module._compile(transformFileSync(file, { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "commonjs" } }).code, file);
    const { startMongod } = require(${JSON.stringify(join(__dirname, "../../src/infra/bundled/mongod/index.ts"))});
    startMongod({ dataDir: ${JSON.stringify(dataDir)}, cacheSizeGB: 0.25, log: () => undefined })
      .then(({ pid, url }) => console.log(JSON.stringify({ mongodPid: pid, url })));`;
  const child = spawn(process.execPath, ["-e", script], {
    cwd: join(__dirname, "../.."),
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const told = JSON.parse(line) as { mongodPid: number; url: string };
    return { ...told, pid: child.pid as number, kill: () => child.kill("SIGKILL") };
  }
  throw new Error("It ended before it was ready.");
}

describe("mongod runs", () => {
  it("as a replica set that takes transactions and change streams, on loopback only", async () => {
    const mongod = await start();
    expect(mongod.url).toBe(`mongodb://127.0.0.1:${mongod.port}/?replicaSet=rs0`);
    await withDocs(mongod.url, async (docs, client) => {
      const stream = docs.watch();
      const first = stream.next();
      await client.withSession((session) =>
        session.withTransaction(async () => {
          await docs.insertOne({ _id: 1 }, { session });
          await docs.updateOne({ _id: 1 }, { $set: { seen: true } }, { session });
        }),
      );
      expect(await first).toMatchObject({ operationType: "insert", documentKey: { _id: 1 } });
      await stream.close();
      const { parsed } = await client.db("admin").command({ getCmdLineOpts: 1 });
      expect(parsed).toMatchObject({
        net: { bindIp: "127.0.0.1" },
        storage: { wiredTiger: { engineConfig: { cacheSizeGB: 0.25 } } },
      });
    });
  });

  it("again on the same port with the same data", async () => {
    const first = await start();
    await insert(first.url, 1, 2);
    await first.stop();
    expect(await first.exited).toBe(0);
    await first.stop();
    const second = await start();
    expect(second.port).toBe(first.port);
    expect(await ids(second.url)).toEqual([1, 2]);
  });

  it("two of them on two folders", async () => {
    const [one, two] = await Promise.all([start(), start({ dataDir: join(dir, "other") })]);
    expect(one.port).not.toBe(two.port);
    await insert(one.url, 1);
    expect(await ids(two.url)).toEqual([]);
  });
});

describe("mongod moves to another port and finds itself primary", () => {
  it.each([
    ["answers", false],
    ["accepts and stays silent", true],
  ])("when a program that %s has taken the old one, with the writes of a crash", async (_, silent) => {
    const first = await start();
    await insert(first.url, 1, 2, 3);
    process.kill(first.pid, "SIGKILL");
    await first.exited;
    await occupy(first.port, silent);
    const begun = Date.now();
    const second = await start();
    // mongod by itself waits 30 s for a silent one.
    expect(Date.now() - begun).toBeLessThan(15_000);
    expect(second.port).not.toBe(first.port);
    expect(await ids(second.url)).toEqual([1, 2, 3]);
    await insert(second.url, 4);
    await second.stop();
    const third = await start();
    expect(third.port).toBe(second.port);
    expect(await ids(third.url)).toEqual([1, 2, 3, 4]);
  });

  it("when one is asked for", async () => {
    const other = await start({ dataDir: join(dir, "other") });
    const first = await start();
    await insert(first.url, 1);
    await expect(start({ dataDir: join(dir, "third"), port: first.port })).rejects.toThrow(
      `Port ${first.port} for MongoDB is taken`,
    );
    await Promise.all([first.stop(), other.stop()]);
    const second = await start({ port: other.port });
    expect(second.port).toBe(other.port);
    expect(await ids(second.url)).toEqual([1]);
    expect(lines).toContain(`MongoDB moves from port ${first.port} to ${second.port}`);
  });
});

describe("mongod is killed", () => {
  it("with kill -9 while it writes, and no acknowledged write is lost", async () => {
    const first = await start();
    const acknowledged: number[] = [];
    await withDocs(`${first.url}&retryWrites=false`, async (docs) => {
      const writer = async (from: number) => {
        for (let id = from; ; id += 4) {
          await docs.insertOne({ _id: id }, { writeConcern: { w: "majority", j: true } });
          acknowledged.push(id);
        }
      };
      const writers = [0, 1, 2, 3].map((from) => writer(from).catch(() => undefined));
      await eventually(() => acknowledged.length >= 400);
      process.kill(first.pid, "SIGKILL");
      await Promise.all(writers);
    });
    expect(await first.exited).toBeNull();
    const second = await start();
    const kept = new Set(await ids(second.url));
    expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
  });

  it("along with nothing: when its engine dies by kill -9, it shuts itself down, and the folder is free", async () => {
    const dataDir = join(dir, "mongo");
    const engine = await startElsewhere(dataDir);
    await insert(engine.url, 1);
    const orphan = await identify(engine.mongodPid);
    engine.kill();
    await eventually(async () => !(await isRunning(orphan)));
    expect(await ids((await start()).url)).toEqual([1]);
  });

  it("by the next start when it is still there", async () => {
    const dataDir = join(dir, "mongo");
    const engine = await startElsewhere(dataDir);
    const orphan = await identify(engine.mongodPid);
    engine.kill();
    const next = await eventually(() => start());
    expect(await isRunning(orphan)).toBe(false);
    await insert(next.url, 1);
    expect(`mongodb://127.0.0.1:${next.port}/?replicaSet=rs0`).toBe(engine.url);
  });
});

describe("mongod refuses a data folder", () => {
  it("that is in use, by this process or by another one", async () => {
    await start();
    await expect(start()).rejects.toThrow(/^The data folder .*mongo is in use by process \d+: stop that one/);
    const engine = await startElsewhere(join(dir, "elsewhere"));
    await expect(start({ dataDir: join(dir, "elsewhere") })).rejects.toThrow(`is in use by process ${engine.pid}`);
    engine.kill();
    await eventually(async () => !(await isRunning({ pid: engine.mongodPid })));
  });

  it("when two starts race for it: one of them has it", async () => {
    const outcomes = await Promise.allSettled([start(), start(), start()]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected", "rejected"]);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ name: "MongodError" });
    }
  });

  it("with other files", async () => {
    await writeFile(join(dir, "thesis.doc"), "mine");
    await expect(start({ dataDir: dir })).rejects.toThrow(/holds other files \(thesis.doc\) and no MongoDB data/);
    expect(await readdir(dir)).toEqual(["thesis.doc"]);
    await expect(start({ dataDir: join(dir, "thesis.doc") })).rejects.toThrow("a file is in its place");
  });

  it.each(["WiredTiger.turtle", "WiredTiger.wt", "_mdb_catalog.wt"])("whose %s is damaged", async (file) => {
    const intact = await start();
    await intact.stop();
    const copy = join(dir, "damaged");
    await cp(join(dir, "mongo"), copy, { recursive: true });
    await writeFile(join(copy, file), Buffer.alloc(8_192, 7));
    const error = await start({ dataDir: copy }).catch((each: unknown) => each);
    expect(error).toMatchObject({ name: "MongodError" });
    expect((error as Error).message).toMatch(/^The MongoDB data in .*damaged is damaged \(.*\): put a copy of it back/);
    expect((error as Error).message).not.toContain("\n");
    expect(await readdir(copy)).not.toContain("millrace.lock");
  });

  it("no more than once it is repaired by hand", async () => {
    const mongod = await start();
    await insert(mongod.url, 1);
    await mongod.stop();
    const turtle = join(dir, "mongo", "WiredTiger.turtle");
    const good = await readFile(turtle);
    await writeFile(turtle, "");
    await expect(start()).rejects.toThrow("is damaged");
    await writeFile(turtle, good);
    expect(await ids((await start()).url)).toEqual([1]);
  });

  it("with a cache too small for it", async () => {
    await expect(start({ cacheSizeGB: 0.1 })).rejects.toThrow("at least 0.25 GB, not 0.1");
  });
});
