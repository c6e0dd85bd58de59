import { BACKWARDS, END, ErrorType, NO_STREAM } from "@eventstore/db-client";
import { eventually } from "../../support/eventually";
import { all, collect, event, events, fresh, numbers, refusal, revisions, subject } from "./support";

const server = subject();
const append = (stream: string, count: number) => server.client.appendToStream(stream, events(count));
const metadataOf = async (stream: string) => (await server.client.getStreamMetadata(stream)).metadata;

describe("stream metadata", () => {
  it("come back as they were set, custom ones included", async () => {
    const stream = fresh();
    const metadata = {
      maxCount: 20,
      maxAge: 3600,
      truncateBefore: 2,
      cacheControl: 15,
      acl: { readRoles: ["$all"], writeRoles: ["someone"] },
      colour: "green",
      nested: { list: [1, 2, 3] },
    };
    await server.client.setStreamMetadata(stream, metadata);
    expect(await metadataOf(stream)).toEqual(metadata);
    await server.client.setStreamMetadata(stream, { colour: "red" }, { expectedRevision: 0n });
    expect(await metadataOf(stream)).toEqual({ colour: "red" });
  });

  it("are guarded by an expected revision of their own", async () => {
    const stream = fresh();
    await append(stream, 5);
    await server.client.setStreamMetadata(stream, { maxCount: 3 }, { expectedRevision: NO_STREAM });
    const again = server.client.setStreamMetadata(stream, { maxCount: 4 }, { expectedRevision: NO_STREAM });
    expect(await refusal(again)).toBe(ErrorType.WRONG_EXPECTED_VERSION);
  });

  it("do not exist for most streams", async () => {
    expect(await metadataOf(fresh())).toBeUndefined();
  });

  it("are the last event of the stream whose name begins with $$", async () => {
    const stream = fresh();
    await server.client.setStreamMetadata(stream, { colour: "green" });
    await server.client.setStreamMetadata(stream, { colour: "red" });
    const found = await all(server.client.readStream(`$$${stream}`));
    expect(found.map((each) => [each.event?.revision, each.event?.type, each.event?.data])).toEqual([
      [1n, "$metadata", { colour: "red" }],
    ]);
  });
});

describe("what metadata hide", () => {
  const cases: readonly [string, Parameters<typeof server.client.setStreamMetadata>[1], number[]][] = [
    ["$maxCount", { maxCount: 3 }, [7, 8, 9]],
    ["$maxCount greater than the stream", { maxCount: 100 }, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    ["$tb", { truncateBefore: 4 }, [4, 5, 6, 7, 8, 9]],
    ["$tb past the end", { truncateBefore: 10 }, []],
    ["$tb within $maxCount", { truncateBefore: 8, maxCount: 5 }, [8, 9]],
    ["$maxCount within $tb", { truncateBefore: 2, maxCount: 5 }, [5, 6, 7, 8, 9]],
    ["$maxAge not reached", { maxAge: 3600 }, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
  ];
  it.each(cases)("%s: both ways of reading agree", async (_, metadata, visible) => {
    const stream = fresh();
    await append(stream, 10);
    await server.client.setStreamMetadata(stream, metadata);
    expect(await revisions(server.client.readStream(stream))).toEqual(visible);
    const backwards = server.client.readStream(stream, { direction: BACKWARDS, fromRevision: END });
    expect(await revisions(backwards)).toEqual([...visible].reverse());
    if (visible.length > 0) {
      const subscription = server.client.subscribeToStream(stream);
      expect(numbers(await collect(subscription, visible.length))).toEqual(visible);
    }
  });

  it("$maxCount moves along with the stream", async () => {
    const stream = fresh();
    await server.client.setStreamMetadata(stream, { maxCount: 2 });
    for (let n = 0; n < 5; n++) {
      await server.client.appendToStream(stream, event(n));
      expect(await revisions(server.client.readStream(stream))).toEqual(n === 0 ? [0] : [n - 1, n]);
    }
  });

  it("$maxAge hides what has become too old", async () => {
    const stream = fresh();
    await server.client.setStreamMetadata(stream, { maxAge: 1 });
    await append(stream, 3);
    expect(await revisions(server.client.readStream(stream))).toEqual([0, 1, 2]);
    await eventually(async () => (await revisions(server.client.readStream(stream))).length === 0, 5000);
    await server.client.appendToStream(stream, event(3));
    expect(await revisions(server.client.readStream(stream))).toEqual([3]);
  });

  it("metadata can be taken back, and what is still there is seen again", async () => {
    const stream = fresh();
    await append(stream, 4);
    await server.client.setStreamMetadata(stream, { truncateBefore: 3 });
    expect(await revisions(server.client.readStream(stream))).toEqual([3]);
    await server.client.setStreamMetadata(stream, {});
    expect(await revisions(server.client.readStream(stream))).toEqual([0, 1, 2, 3]);
  });

  it("revisions go on as if nothing were hidden", async () => {
    const stream = fresh();
    await append(stream, 4);
    await server.client.setStreamMetadata(stream, { truncateBefore: 4 });
    const { nextExpectedRevision } = await server.client.appendToStream(stream, event(4), { expectedRevision: 3n });
    expect(nextExpectedRevision).toBe(4n);
    expect(await revisions(server.client.readStream(stream))).toEqual([4]);
  });
});

describe("deleting", () => {
  it("hides the stream until somebody writes to it, which keeps counting and keeps its metadata", async () => {
    const stream = fresh();
    await server.client.setStreamMetadata(stream, { colour: "green" });
    await append(stream, 3);
    await server.client.deleteStream(stream, { expectedRevision: 2n });
    expect(await refusal(all(server.client.readStream(stream)))).toBe(ErrorType.STREAM_NOT_FOUND);
    const { nextExpectedRevision } = await server.client.appendToStream(stream, event(3), {
      expectedRevision: NO_STREAM,
    });
    expect(nextExpectedRevision).toBe(3n);
    expect(await revisions(server.client.readStream(stream))).toEqual([3]);
    expect(await metadataOf(stream)).toMatchObject({ truncateBefore: 3 });
  });

  it("refuses a wrong expectation and leaves the stream as it is", async () => {
    const stream = fresh();
    await append(stream, 3);
    expect(await refusal(server.client.deleteStream(stream, { expectedRevision: 1n }))).toBe(
      ErrorType.WRONG_EXPECTED_VERSION,
    );
    expect(await refusal(server.client.tombstoneStream(stream, { expectedRevision: 7n }))).toBe(
      ErrorType.WRONG_EXPECTED_VERSION,
    );
    expect(await revisions(server.client.readStream(stream))).toEqual([0, 1, 2]);
  });

  it("with a tombstone is for ever", async () => {
    const stream = fresh();
    await append(stream, 3);
    const { position } = await server.client.tombstoneStream(stream, { expectedRevision: 2n });
    expect(position?.commit).toBeGreaterThan(0n);
    expect(await refusal(all(server.client.readStream(stream)))).toBe(ErrorType.STREAM_DELETED);
    expect(await refusal(server.client.appendToStream(stream, event(1)))).toBe(ErrorType.STREAM_DELETED);
    expect(await refusal(server.client.deleteStream(stream))).toBe(ErrorType.STREAM_DELETED);
    expect(await refusal(server.client.tombstoneStream(stream))).toBe(ErrorType.STREAM_DELETED);
    expect(await refusal(server.client.setStreamMetadata(stream, { maxCount: 1 }))).toBe(ErrorType.STREAM_DELETED);
  });

  it("with a tombstone is possible before the stream exists", async () => {
    const stream = fresh();
    await server.client.tombstoneStream(stream, { expectedRevision: NO_STREAM });
    expect(await refusal(server.client.appendToStream(stream, event(1)))).toBe(ErrorType.STREAM_DELETED);
  });

  it("leaves the events in $all, and shows the tombstone there", async () => {
    const [stream, other] = [fresh(), fresh()];
    const { position } = await append(stream, 1);
    await append(stream, 1);
    await server.client.tombstoneStream(stream);
    await append(other, 1);
    const found = await all(server.client.readAll({ fromPosition: position as { commit: bigint; prepare: bigint } }));
    const ours = found.filter((each) => each.event?.streamId === stream);
    expect(ours.map((each) => each.event?.type)).toEqual(["happened", "happened", "$streamDeleted"]);
  });
});
