import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  BACKWARDS,
  binaryEvent,
  END,
  ErrorType,
  EventStoreDBClient,
  jsonEvent,
  NO_STREAM,
  type ResolvedEvent,
} from "@eventstore/db-client";
import { type ScavengeResp, StartScavengeReq } from "@eventstore/db-client/generated/operations_pb";
import { startEventStore, type RunningEventStore } from "../../../src/infra/bundled/eventstore";
import { eventually } from "../../support/eventually";
import { call, service } from "./raw";
import { all, collect, event, numbers, refusal, revisions } from "./support";

const PAD = "x".repeat(400);
const padded = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => jsonEvent({ type: "padded", data: { n: from + i, pad: PAD } }));
const shape = ({ event: found }: ResolvedEvent) => `${found?.revision}@${found?.streamId} ${found?.position?.commit}`;

describe("scavenging", () => {
  const data = mkdtempSync(join(tmpdir(), "eventstore-scavenge-"));
  let server: RunningEventStore;
  let client: EventStoreDBClient;
  const start = async () => {
    server = await startEventStore({ port: 0, data });
    client = EventStoreDBClient.connectionString(server.url);
  };
  const stop = async () => {
    await client.dispose();
    await server.stop();
  };
  const size = (): number => {
    const log = join(data, "log");
    return readdirSync(log).reduce((sum, name) => sum + statSync(join(log, name)).size, 0);
  };
  const scavenge = async () => {
    const operations = service("operations", server.url);
    const request = new StartScavengeReq().setOptions(new StartScavengeReq.Options().setThreadCount(1));
    const answer = await call<StartScavengeReq, ScavengeResp>(operations.startScavenge.bind(operations), request);
    operations.close();
    const completed = await eventually(async () => {
      const found = await all(client.readStream(`$scavenges-${answer.getScavengeId()}`));
      return found.find((each) => each.event?.type === "$scavengeCompleted");
    });
    return completed.event?.data as { result: string; spaceSaved: number };
  };
  /** What can be read, stream by stream. */
  const visible = async (): Promise<Record<string, string[]>> => {
    const found: Record<string, string[]> = {};
    for (const stream of ["kept", "counted", "truncated", "again", "aged", "deleted"]) {
      try {
        found[stream] = (await all(client.readStream(stream))).map(shape);
      } catch (error) {
        found[stream] = [(error as { type: string }).type];
        continue;
      }
      const back = await all(client.readStream(stream, { direction: BACKWARDS, fromRevision: END }));
      expect(back.map(shape).reverse()).toEqual(found[stream]);
    }
    return found;
  };
  const ours = async () => (await all(client.readAll())).filter((each) => each.event?.type === "padded").map(shape);

  beforeAll(async () => {
    await start();
    for (let round = 0; round < 6; round++) {
      for (const stream of ["kept", "counted", "truncated", "again", "aged", "deleted", "tombstone"]) {
        await client.appendToStream(stream, padded(50, round * 50));
      }
    }
    await client.setStreamMetadata("counted", { maxCount: 7 });
    await client.setStreamMetadata("truncated", { maxCount: 9000 });
    await client.setStreamMetadata("truncated", { truncateBefore: 290 });
    await client.deleteStream("again");
    await client.appendToStream("again", padded(2, 300), { expectedRevision: NO_STREAM });
    await client.setStreamMetadata("aged", { maxAge: 1 });
    await client.deleteStream("deleted");
    await client.tombstoneStream("tombstone");
    await client.appendToStream(
      "links",
      ["0@counted", "299@counted"].map((to) => binaryEvent({ type: "$>", data: Buffer.from(to) })),
    );
    await eventually(async () => (await revisions(client.readStream("aged"))).length === 0);
  });
  afterAll(async () => {
    await stop();
    rmSync(data, { recursive: true, force: true });
  });

  it("gives back the space of what nobody can read, and changes nothing of what can be read", async () => {
    const before = await visible();
    const logBefore = await ours();
    const sizeBefore = size();
    const { result, spaceSaved } = await scavenge();
    expect(result).toBe("Success");
    expect(spaceSaved).toBeGreaterThan(800_000);
    expect(sizeBefore - size()).toBeGreaterThan(800_000);
    expect(await visible()).toEqual(before);
    const afterwards = await ours();
    expect(logBefore).toEqual(expect.arrayContaining(afterwards));
    // 300 kept, 7 counted, 10 truncated, 2 of again, and the newest of aged and of deleted, which say where they are.
    expect(afterwards).toHaveLength(321);
    const backwards = await all(client.readAll({ direction: BACKWARDS, fromPosition: END }));
    expect(
      backwards
        .filter((each) => each.event?.type === "padded")
        .map(shape)
        .reverse(),
    ).toEqual(afterwards);
  });

  it("leaves revisions, tombstones, metadata and links as they were", async () => {
    expect((await client.getStreamMetadata("truncated")).metadata).toEqual({ truncateBefore: 290 });
    expect(await refusal(client.appendToStream("tombstone", event(1)))).toBe(ErrorType.STREAM_DELETED);
    expect((await client.appendToStream("deleted", padded(1, 300))).nextExpectedRevision).toBe(300n);
    expect(
      (await client.appendToStream("counted", padded(1, 300), { expectedRevision: 299n })).nextExpectedRevision,
    ).toBe(300n);
    const links = await all(client.readStream("links", { resolveLinkTos: true }));
    expect(links.map((each) => each.event?.revision)).toEqual([undefined, 299n]);
  });

  it("lets subscriptions go on from positions that are no longer there", async () => {
    const kept = await all(client.readStream("kept"));
    const positions = kept.map((each) => each.event?.position?.commit as bigint);
    // Between two kept events of different rounds lay hundreds that are gone.
    const inBetween = ((positions[49] as bigint) + (positions[50] as bigint)) / 2n;
    const from = { commit: inBetween, prepare: inBetween };
    const found = await collect(client.subscribeToAll({ fromPosition: from }), 3);
    expect(found.map((each) => each.event?.position?.commit)).toEqual(positions.slice(50, 53));
    const read = await all(client.readAll({ fromPosition: from, maxCount: 2 }));
    expect(read.map((each) => each.event?.position?.commit)).toEqual(positions.slice(50, 52));
    const back = await all(client.readAll({ fromPosition: from, maxCount: 2, direction: BACKWARDS }));
    expect(back.map((each) => each.event?.position?.commit)).toEqual([positions[49], positions[48]]);
  });

  it("survives restarts, with the index and without it", async () => {
    const before = await visible();
    const logBefore = await ours();
    await stop();
    await start();
    expect(await visible()).toEqual(before);
    await stop();
    for (const name of readdirSync(data)) if (name.startsWith("index")) rmSync(join(data, name));
    await start();
    expect(await visible()).toEqual(before);
    expect(await ours()).toEqual(logBefore);
    expect(await refusal(client.appendToStream("tombstone", event(1)))).toBe(ErrorType.STREAM_DELETED);
  });

  it("can be done again, while others read and write", async () => {
    await client.setStreamMetadata("kept", { maxCount: 100 });
    const live = collect(client.subscribeToStream("live"), 200, async () => {
      for (let n = 0; n < 200; n += 10) await client.appendToStream("live", padded(10, n));
    });
    const sizeBefore = size();
    await scavenge();
    expect(numbers(await live)).toEqual([...Array(200).keys()]);
    expect(sizeBefore - size()).toBeGreaterThan(0);
    expect(await revisions(client.readStream("kept"))).toEqual(Array.from({ length: 100 }, (_, i) => 200 + i));
    expect((await scavenge()).result).toBe("Success");
    expect(await revisions(client.readStream("kept"))).toHaveLength(100);
  });
});
