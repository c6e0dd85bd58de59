import { createHash } from "node:crypto";
import { spawn, type ChildProcess } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  EventStoreDBClient,
  jsonEvent,
  persistentSubscriptionToStreamSettingsFromDefaults as settings,
  START,
} from "@eventstore/db-client";
import { startEventStore, type EventStoreOptions, type RunningEventStore } from "../../../src/infra/bundled/eventstore";
import { spawnEventStore } from "../../../src/infra/bundled/eventstore/process";
import { eventually } from "../../support/eventually";
import { all, events, numbers, refusal } from "./support";

const folders: string[] = [];
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "eventstore-folder-"));
  folders.push(folder);
  return folder;
};
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** Runs something on a server over a folder, and stops it. */
async function using<T>(
  data: string,
  act: (client: EventStoreDBClient, server: RunningEventStore) => Promise<T>,
  options: Partial<EventStoreOptions> = {},
): Promise<T> {
  const server = await startEventStore({ port: 0, data, ...options });
  const client = EventStoreDBClient.connectionString(server.url);
  try {
    return await act(client, server);
  } finally {
    await client.dispose();
    await server.stop();
  }
}

const filled = async (count = 100): Promise<string> => {
  const data = newFolder();
  await using(data, (client) => client.appendToStream("thing-1", events(count)));
  return data;
};
const logOf = (data: string): string => join(data, "log", "00000000.log");
const refused = async (data: string): Promise<string> => {
  const before = contents(data);
  const message = await startEventStore({ port: 0, data }).then(
    () => "it was opened",
    (error: Error) => error.message,
  );
  // Whatever is wrong with a folder, a refusal does not make it worse.
  expect(contents(data)).toEqual(before);
  return message;
};
/** All files, except those of which opening alone changes something. */
function contents(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  if (!statSync(folder).isDirectory()) return found;
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    const path = join(folder, name);
    if (!statSync(path).isFile() || name.startsWith("index.lmdb") || name === "lock") continue;
    found[name] = createHash("sha256").update(readFileSync(path)).digest("hex");
  }
  return found;
}
function overwrite(path: string, position: number, bytes: Buffer): void {
  const fd = openSync(path, "r+");
  writeSync(fd, bytes, 0, bytes.length, position);
}

describe("a data folder", () => {
  it("is made where it does not exist, and holds everything over restarts", async () => {
    const data = join(newFolder(), "some", "where");
    await using(data, async (client) => {
      await client.appendToStream("thing-1", events(10));
      await client.setStreamMetadata("thing-1", { maxCount: 5 });
      await client.createPersistentSubscriptionToStream("thing-1", "group", settings({ startFrom: START }));
    });
    await using(data, async (client) => {
      expect(numbers(await all(client.readStream("thing-1")))).toEqual([5, 6, 7, 8, 9]);
      expect((await client.getStreamMetadata("thing-1")).metadata).toEqual({ maxCount: 5 });
      expect(await client.listPersistentSubscriptionsToStream("thing-1")).toHaveLength(1);
      const { position } = await client.appendToStream("thing-1", events(1), { expectedRevision: 9n });
      expect(position?.commit).toBeGreaterThan(0n);
    });
  });

  it("is for one server at a time, in this process or another", async () => {
    const data = await filled();
    await using(data, async () => {
      expect(await refused(data)).toBe(
        `The data folder ${data} is in use by another event store (process ${process.pid}); ` +
          "stop that one or choose another folder.",
      );
    });
    const other = await spawnEventStore({ port: 0, data });
    expect(await refused(data)).toContain(`is in use by another event store (process ${other.pid})`);
    process.kill(other.pid, "SIGKILL");
    await other.exited;
    await using(data, async (client) => expect(await all(client.readStream("thing-1"))).toHaveLength(100));
  });

  it("of somebody else is left alone", async () => {
    const data = newFolder();
    writeFileSync(join(data, "letters.txt"), "private");
    expect(await refused(data)).toBe(
      `The folder ${data} holds other data (letters.txt); choose an empty or a new one.`,
    );
    expect(readdirSync(data)).toEqual(["letters.txt"]);
    expect(await refused(join(data, "letters.txt"))).toContain("is not a folder");
    const alien = newFolder();
    mkdirSync(join(alien, "log"));
    writeFileSync(logOf(alien), Buffer.alloc(500, 7));
    expect(await refused(alien)).toBe(`The file ${logOf(alien)} is not part of an event log of this server.`);
  });

  it("of a later version is left alone", async () => {
    const data = await filled();
    overwrite(logOf(data), 24, Buffer.of(9));
    expect(await refused(data)).toContain("was written by another version of this server (format 9)");
  });
});

describe("a log that ends in the middle of something", () => {
  it("loses the unfinished append and nothing else", async () => {
    const data = await filled();
    const whole = readFileSync(logOf(data));
    const reported: string[] = [];
    for (const rest of [whole.subarray(100, 150), whole.subarray(64, 64 + 300), Buffer.alloc(5000)]) {
      appendFileSync(logOf(data), rest);
      const options = { log: (line: string) => reported.push(line) };
      await using(data, async (client) => expect(await all(client.readStream("thing-1"))).toHaveLength(100), options);
      expect(statSync(logOf(data)).size).toBe(whole.length);
    }
    expect(reported.filter((line) => line.includes("unfinished append"))).toHaveLength(3);
  });

  it("goes on with the next append", async () => {
    const data = await filled();
    appendFileSync(logOf(data), Buffer.alloc(333, 1));
    await using(data, (client) => client.appendToStream("thing-1", events(1), { expectedRevision: 99n }));
    await using(data, async (client) => expect(await all(client.readStream("thing-1"))).toHaveLength(101));
  });
});

describe("a damaged log", () => {
  it("that became shorter is refused", async () => {
    const data = await filled();
    truncateSync(logOf(data), statSync(logOf(data)).size - 1000);
    expect(await refused(data)).toBe(
      "The event log is damaged: it is shorter than it was when the server last ran. " +
        "It was not changed; restore the data folder from a backup.",
    );
  });

  it("of which a file is missing is refused", async () => {
    const data = await filled();
    writeFileSync(join(data, "log", "00000002.log"), readFileSync(logOf(data)));
    expect(await refused(data)).toContain("the file 00000001.log is missing");
  });

  it("is noticed where a byte differs: at the start where nothing vouches for it, or when it is read", async () => {
    const data = await filled();
    const position = Math.floor(statSync(logOf(data)).size / 2);
    const [before] = readFileSync(logOf(data)).subarray(position, position + 1);
    overwrite(logOf(data), position, Buffer.of((before ?? 0) ^ 1));
    await using(data, async (client) => {
      const damaged = await all(client.readStream("thing-1")).catch((error: Error) => error);
      expect(String(damaged)).toContain("does not match its check sum");
      // What is whole can still be read, and written.
      expect(await all(client.readStream("thing-1", { maxCount: 3 }))).toHaveLength(3);
      await client.appendToStream("thing-2", events(1));
    });
    for (const name of readdirSync(data)) if (name.startsWith("index")) rmSync(join(data, name));
    expect(await refused(data)).toMatch(/there is no whole record at position \d+, but there are later ones/);
  });
});

describe("the index", () => {
  it.each([
    ["is missing", (path: string) => rmSync(path)],
    ["is no index", (path: string) => writeFileSync(path, "nonsense".repeat(1000))],
  ])("is made anew when it %s", async (_, spoil) => {
    const data = newFolder();
    await using(data, async (client) => {
      for (let n = 0; n < 30; n++) await client.appendToStream(`thing-${n % 3}`, events(10));
      await client.tombstoneStream("thing-0");
    });
    spoil(join(data, "index.lmdb"));
    rmSync(join(data, "index.lmdb-lock"), { force: true });
    await using(data, async (client) => {
      expect(await all(client.readStream("thing-1"))).toHaveLength(100);
      expect(await refusal(all(client.readStream("thing-0")))).toBe("stream-deleted");
      const { nextExpectedRevision } = await client.appendToStream("thing-2", events(1), { expectedRevision: 99n });
      expect(nextExpectedRevision).toBe(100n);
    });
  });
});

describe("without fsync", () => {
  it("says loudly what that risks", async () => {
    const reported: string[] = [];
    await using(newFolder(), () => Promise.resolve(), { fsync: false, log: (line) => reported.push(line) });
    expect(reported).toEqual([
      "WARNING: without fsync, appends that were acknowledged are lost when the machine fails.",
    ]);
  });
});

const large = (n: number) => jsonEvent({ type: "large", data: { n, pad: "x".repeat(200_000) } });

function ready(server: ChildProcess, data: string, reported: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    server.on("message", (message: { type: string; url?: string; line?: string }) => {
      if (message.type === "log") reported.push(String(message.line));
      if (message.type === "ready") resolve(String(message.url));
      if (message.type === "failed") reject(new Error(JSON.stringify(message)));
    });
    server.send({ type: "start", options: { port: 0, data } });
  });
}

/** Appends until it fails, and looks at what still works then. Answers how many large events there are. */
async function whileFull(url: string): Promise<number> {
  const client = EventStoreDBClient.connectionString(url);
  const live: string[] = [];
  client.subscribeToAll({ fromPosition: START }).on("data", ({ event }) => live.push(String(event?.id)));
  let written = 0;
  const failing = await (async () => {
    for (;;) {
      const outcome = await client.appendToStream("large", large(written)).then(
        () => undefined,
        (error: Error) => error,
      );
      if (outcome) return outcome;
      written++;
    }
  })();
  expect(failing).toBeInstanceOf(Error);
  expect(written).toBeGreaterThan(5);
  // The batch that does not fit goes as a whole; what fits is taken, and revisions go on.
  expect(await refusal(client.appendToStream("large", [large(1), large(2)]))).not.toBe("");
  const { nextExpectedRevision } = await client.appendToStream("small", events(3));
  expect(nextExpectedRevision).toBe(2n);
  await client.appendToStream("small", events(1), { expectedRevision: 2n });
  expect(numbers(await all(client.readStream("large")))).toEqual([...Array(written).keys()]);
  const total = (await all(client.readAll())).length;
  await eventually(() => live.length === total);
  await client.dispose();
  return written;
}

const child = join(__dirname, "../../../dist/infra/bundled/eventstore/child.js");
const limited = process.platform === "linux" && existsSync(child) ? describe : describe.skip;
limited("a full disk", () => {
  it("fails the append that finds no room, and nothing else", async () => {
    const data = newFolder();
    // A limit on the size of files stands for the disk: the write fails in the same way, at the same place.
    const server = spawn("sh", ["-c", `trap '' XFSZ; ulimit -f 6000; exec "$0" "$1"`, process.execPath, child], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const ended = new Promise((resolve) => server.once("exit", resolve));
    const reported: string[] = [];
    let written = 0;
    try {
      written = await whileFull(await ready(server, data, reported));
    } finally {
      server.send({ type: "stop" });
      await ended;
    }
    expect(reported.join()).toContain("Writing to the log failed: The event store's log cannot grow");
    await using(data, async (again) => {
      expect(await all(again.readStream("large"))).toHaveLength(written);
      expect(await all(again.readStream("small"))).toHaveLength(4);
      await again.appendToStream("large", large(written), { expectedRevision: BigInt(written - 1) });
    });
  });
});
