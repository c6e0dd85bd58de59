import { randomUUID } from "node:crypto";
import { connect, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import { createConnection } from "node:net";
import { gzipSync } from "node:zlib";
import {
  ErrorType,
  EventStoreDBClient,
  jsonEvent,
  persistentSubscriptionToStreamSettingsFromDefaults,
  START,
  streamNameFilter,
} from "@eventstore/db-client";
import { status } from "@grpc/grpc-js";
import { Empty, StreamIdentifier, UUID } from "@eventstore/db-client/generated/shared_pb";
import { AppendReq, AppendResp, ReadReq } from "@eventstore/db-client/generated/streams_pb";
import { startEventStore, type RunningEventStore } from "../../../src/infra/bundled/eventstore";
import { spawnEventStore } from "../../../src/infra/bundled/eventstore/process";
import { eventually } from "../../support/eventually";
import { call, service } from "./raw";
import { all, collect, event, events, fresh, numbers, refusal } from "./support";

const STREAMS = "/event_store.client.streams.Streams";

let server: RunningEventStore;
let client: EventStoreDBClient;
let session: ClientHttp2Session;

beforeAll(async () => {
  server = await startEventStore({ port: 0, memory: true });
  client = EventStoreDBClient.connectionString(server.url);
  session = connect(`http://127.0.0.1:${server.port}`);
});
afterAll(async () => {
  session.close();
  await client.dispose();
  await server.stop();
});

const stats = async (): Promise<Record<string, number>> =>
  (await (await fetch(`http://127.0.0.1:${server.port}/stats`)).json()) as Record<string, number>;

const framed = (message: Uint8Array, compressed = false): Buffer => {
  const body = compressed ? gzipSync(message) : Buffer.from(message);
  const head = Buffer.alloc(5);
  head[0] = compressed ? 1 : 0;
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
};

const identifier = (stream: string): StreamIdentifier => new StreamIdentifier().setStreamName(Buffer.from(stream));

/** The messages of an append of one event. */
function appendMessages(stream: string): Buffer[] {
  const options = new AppendReq.Options().setStreamIdentifier(identifier(stream)).setAny(new Empty());
  const proposed = new AppendReq.ProposedMessage();
  proposed.setId(new UUID().setString("7f1c54d0-3b0e-4d5c-9f07-6f1d7c1c2b7e"));
  proposed.getMetadataMap().set("type", "happened").set("content-type", "application/json");
  proposed.setData(Buffer.from('{"n":1}'));
  return [new AppendReq().setOptions(options), new AppendReq().setProposedMessage(proposed)].map((request) =>
    Buffer.from(request.serializeBinary()),
  );
}

interface Answer {
  readonly status: number;
  readonly message: string;
  readonly data: Buffer;
}

function open(path: string, headers: Record<string, string> = {}): ClientHttp2Stream {
  return session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
}

function answer(stream: ClientHttp2Stream): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const found: Buffer[] = [];
    let last: Record<string, unknown> = {};
    stream.on("response", (headers) => (last = { ...last, ...headers }));
    stream.on("trailers", (trailers) => (last = { ...last, ...trailers }));
    stream.on("data", (chunk: Buffer) => found.push(chunk));
    stream.on("error", reject);
    stream.on("close", () =>
      resolve({
        status: Number(last["grpc-status"]),
        message: decodeURIComponent(String(last["grpc-message"] ?? "")),
        data: Buffer.concat(found),
      }),
    );
  });
}

const subscription = (stream?: string): Buffer => {
  const options = new ReadReq.Options();
  if (stream === undefined) options.setAll(new ReadReq.Options.AllOptions().setStart(new Empty()));
  else
    options.setStream(
      new ReadReq.Options.StreamOptions().setStreamIdentifier(identifier(stream)).setStart(new Empty()),
    );
  options.setSubscription(new ReadReq.Options.SubscriptionOptions());
  options.setNoFilter(new Empty());
  options.setUuidOption(new ReadReq.Options.UUIDOption().setString(new Empty()));
  return framed(new ReadReq().setOptions(options).serializeBinary());
};

describe("messages", () => {
  it("may come in any pieces", async () => {
    const stream = fresh();
    const request = open(`${STREAMS}/Append`);
    const bytes = Buffer.concat(appendMessages(stream).map((message) => framed(message)));
    for (let i = 0; i < bytes.length; i += 7) {
      request.write(bytes.subarray(i, i + 7));
      await new Promise((resolve) => setImmediate(resolve));
    }
    request.end();
    const { status: code, data } = await answer(request);
    expect(code).toBe(status.OK);
    expect(AppendResp.deserializeBinary(data.subarray(5)).getSuccess()?.getCurrentRevision()).toBe("0");
  });

  it("may be compressed", async () => {
    const stream = fresh();
    const request = open(`${STREAMS}/Append`, { "grpc-encoding": "gzip" });
    request.end(Buffer.concat(appendMessages(stream).map((message) => framed(message, true))));
    expect((await answer(request)).status).toBe(status.OK);
    expect(numbers(await all(client.readStream(stream)))).toEqual([1]);
  });

  it.each([
    ["what is no protobuf message", Buffer.from("ffffffffffffff", "hex"), status.INVALID_ARGUMENT],
    ["a message that says nothing", Buffer.alloc(0), status.INVALID_ARGUMENT],
  ])("are refused with a sentence: %s", async (_, bytes, expected) => {
    const request = open(`${STREAMS}/Read`);
    request.end(framed(bytes));
    const { status: code, message } = await answer(request);
    expect(code).toBe(expected);
    expect(message).toMatch(/^[A-Z].*\.$/);
  });

  it("beyond any sense are refused before they have come", async () => {
    const request = open(`${STREAMS}/Append`);
    request.write(Buffer.from("007fffffff", "hex"));
    expect((await answer(request)).status).toBe(status.RESOURCE_EXHAUSTED);
  });

  it.each([
    "/event_store.client.projections.Projections/Create",
    "/event_store.client.streams.Streams/Nonsense",
    "/nothing.at.All/Here",
  ])("to methods that are not there are UNIMPLEMENTED, with a sentence: %s", async (path) => {
    const request = open(path);
    request.end(framed(Buffer.alloc(0)));
    const { status: code, message } = await answer(request);
    expect(code).toBe(status.UNIMPLEMENTED);
    expect(message).toBe(`${path.slice(1)} is not offered by this server.`);
  });
});

describe("the operator's shutdown", () => {
  it("ends the server, in this process and in one of its own", async () => {
    const told: string[] = [];
    const here = await startEventStore({ port: 0, memory: true, onShutdown: () => told.push("here") });
    const apart = await spawnEventStore({ port: 0, memory: true, onShutdown: () => told.push("apart") });
    for (const { url } of [here, apart]) {
      const operations = service("operations", url);
      await call(operations.shutdown.bind(operations), new Empty());
      operations.close();
    }
    await eventually(() => told.length === 2);
    expect(await apart.exited).toBe(0);
    // The port is free again.
    const again = await startEventStore({ port: here.port, memory: true });
    await again.stop();
  });
});

describe("deadlines and cancellation", () => {
  it("a call ends when its time is over", async () => {
    const request = open(`${STREAMS}/Read`, { "grpc-timeout": "150m" });
    request.end(subscription(fresh()));
    const { status: code } = await answer(request);
    expect(code).toBe(status.DEADLINE_EXCEEDED);
  });

  it("an append that comes too late is refused, and the next one is not", async () => {
    const stream = fresh();
    expect(await refusal(client.appendToStream(stream, event(1), { deadline: -5000 }))).toBe(
      ErrorType.DEADLINE_EXCEEDED,
    );
    await client.appendToStream(stream, event(2));
    expect(numbers(await all(client.readStream(stream)))).toEqual([2]);
  });

  it("what is cancelled or cut off leaves nothing behind", async () => {
    const before = (await stats())["proc-grpc-openCalls"] as number;
    const other = connect(`http://127.0.0.1:${server.port}`);
    const calls = Array.from({ length: 200 }, (_, n) => {
      const request = other.request({
        ":method": "POST",
        ":path": `${STREAMS}/Read`,
        "content-type": "application/grpc",
      });
      request.on("error", () => undefined);
      request.end(subscription(n % 2 ? fresh() : undefined));
      return request;
    });
    await eventually(async () => (await stats())["proc-grpc-openCalls"] === before + 200);
    for (const request of calls.slice(0, 100)) request.close();
    await eventually(async () => (await stats())["proc-grpc-openCalls"] === before + 100);
    const connections = (await stats())["proc-tcp-connections"] as number;
    other.on("error", () => undefined);
    other.destroy();
    await eventually(async () => (await stats())["proc-grpc-openCalls"] === before);
    await eventually(async () => ((await stats())["proc-tcp-connections"] as number) < connections);
    await client.appendToStream(fresh(), events(10));
  });

  it.each(["session", "socket"] as const)("a half-sent append of a lost %s is not written", async (what) => {
    const stream = fresh();
    const socket = createConnection({ host: "127.0.0.1", port: server.port });
    const other = connect(`http://127.0.0.1:${server.port}`, { createConnection: () => socket });
    other.on("error", () => undefined);
    const before = (await stats())["proc-grpc-openCalls"] as number;
    const headers = { ":method": "POST", ":path": `${STREAMS}/Append`, "content-type": "application/grpc" };
    const request = other.request(headers);
    request.on("error", () => undefined);
    request.write(Buffer.concat(appendMessages(stream).map((message) => framed(message))));
    await eventually(async () => (await stats())["proc-grpc-openCalls"] === before + 1);
    if (what === "session") other.destroy();
    else socket.destroy();
    await eventually(async () => (await stats())["proc-grpc-openCalls"] === before);
    await client.appendToStream(fresh(), event(1));
    expect(await refusal(all(client.readStream(stream)))).toBe(ErrorType.STREAM_NOT_FOUND);
  });

  it("clients that come and go in the middle of everything do no harm", async () => {
    const prefix = fresh("rush");
    const acknowledged: string[] = [];
    const rush = async (worker: number): Promise<void> => {
      for (let round = 0; round < 6; round++) {
        const other = EventStoreDBClient.connectionString(server.url);
        const stream = `${prefix}-${worker}`;
        const work = Array.from({ length: 20 }, async (_, n) => {
          const one = jsonEvent({ id: randomUUID(), type: "rush", data: { n } });
          await other.appendToStream(
            stream,
            one,
            // Without credentials the client appends over a stream, and what is under way on that of one instance is
            // mixed up with that of others in the process: so only one of them does.
            worker > 0 || n % 2 ? { credentials: { username: "admin", password: "changeit" } } : {},
          );
          acknowledged.push(one.id);
        });
        const reads = Array.from({ length: 5 }, () => all(other.readStream(stream)));
        other.subscribeToAll().on("error", () => undefined);
        await new Promise((resolve) => setTimeout(resolve, (worker * 7 + round * 13) % 40));
        await other.dispose();
        await Promise.race([
          Promise.allSettled([...work, ...reads]),
          new Promise((resolve) => setTimeout(resolve, 100)),
        ]);
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, worker) => rush(worker)));
    // What is under way still is answered while this reads, and may come too late to be seen by it.
    const before = [...acknowledged];
    const found = new Set<string>();
    for await (const { event: each } of client.readAll()) if (each?.type === "rush") found.add(each.id);
    expect(before.filter((id) => !found.has(id))).toEqual([]);
  });

  it("a lost consumer's events go to the next one", async () => {
    const stream = fresh();
    await client.appendToStream(stream, events(5));
    const settings = persistentSubscriptionToStreamSettingsFromDefaults({ startFrom: START });
    await client.createPersistentSubscriptionToStream(stream, "group", settings);
    const lost = EventStoreDBClient.connectionString(server.url);
    let held = 0;
    lost
      .subscribeToPersistentSubscriptionToStream(stream, "group")
      .on("data", () => held++)
      .on("error", () => undefined);
    await eventually(() => held === 5);
    await lost.dispose();
    const got: number[] = [];
    const next = client.subscribeToPersistentSubscriptionToStream(stream, "group");
    next.on("error", () => undefined);
    next.on("data", (resolved) => {
      got.push((resolved.event?.data as { n: number }).n);
      void next.ack(resolved);
    });
    await eventually(() => got.length === 5);
    await next.unsubscribe();
  });
});

describe("a subscriber that does not read", () => {
  it("costs little memory and holds up nobody", async () => {
    const prefix = fresh("slow");
    const pad = "x".repeat(10_000);
    const append = async (from: number) => {
      const batch = Array.from({ length: 50 }, (_, i) => jsonEvent({ type: "padded", data: { n: from + i, pad } }));
      await client.appendToStream(prefix, batch);
    };
    for (let n = 0; n < 400; n += 50) await append(n);
    const before = (await stats())["proc-buffers"] as number;
    const other = connect(`http://127.0.0.1:${server.port}`);
    const stuck = Array.from({ length: 30 }, () => {
      const request = other.request({
        ":method": "POST",
        ":path": `${STREAMS}/Read`,
        "content-type": "application/grpc",
      });
      request.on("error", () => undefined);
      // Nobody listens to its data, so the flow control of HTTP/2 stops the server.
      request.end(subscription(prefix));
      return request;
    });
    const filter = streamNameFilter({ prefixes: [prefix] });
    const quick = await collect(client.subscribeToAll({ filter }), 500, async () => {
      for (let n = 400; n < 500; n += 50) await append(n);
    });
    expect(numbers(quick)).toEqual([...Array(500).keys()]);
    // Everything sent at once would be 30 times 5 MB. What is not used any more is freed when the server gets round to it.
    await eventually(async () => ((await stats())["proc-buffers"] as number) - before < 24 * 1024 * 1024);
    const [first] = stuck;
    let bytes = 0;
    first?.on("data", (chunk: Buffer) => (bytes += chunk.length));
    // Once it reads on it gets all of it.
    await eventually(() => bytes > 500 * 10_000);
    other.destroy();
  });
});
