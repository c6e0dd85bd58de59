import { randomUUID } from "node:crypto";
import {
  ANY,
  binaryEvent,
  ErrorType,
  jsonEvent,
  NO_STREAM,
  STREAM_EXISTS,
  type AppendExpectedRevision,
  type AppendResult,
  type AppendToStreamOptions,
  type EventData,
} from "@eventstore/db-client";
import { all, event, events, fresh, numbers, refusal, subject } from "./support";

const server = subject();

describe("appending", () => {
  const append = (
    stream: string,
    what: EventData | EventData[],
    options: AppendToStreamOptions = {},
  ): Promise<AppendResult> => server.client.appendToStream(stream, what, options);

  it.each([1, 2, 7, 100])("counts revisions from 0 on over appends of %i", async (size) => {
    const stream = fresh();
    expect((await append(stream, events(size))).nextExpectedRevision).toBe(BigInt(size - 1));
    expect((await append(stream, events(size))).nextExpectedRevision).toBe(BigInt(2 * size - 1));
    const found = await all(server.client.readStream(stream));
    expect(numbers(found)).toEqual([...Array(size).keys(), ...Array(size).keys()]);
  });

  it("gives positions that grow, and reads an event where its append said it is", async () => {
    const stream = fresh();
    const first = await append(stream, event(1));
    const second = await append(stream, event(2));
    expect(second.position?.commit).toBeGreaterThan(first.position?.commit as bigint);
    const [found] = await all(server.client.readStream(stream, { fromRevision: 1n }));
    expect(found?.event?.position).toEqual(second.position);
    expect(found?.commitPosition).toBe(second.position?.commit);
  });

  it("lets exactly one of many writers win with the same expectation", async () => {
    const stream = fresh();
    await append(stream, event(0));
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => append(stream, event(n), { expectedRevision: 0n })),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const result of results) {
      if (result.status === "rejected")
        expect(result.reason).toMatchObject({
          type: ErrorType.WRONG_EXPECTED_VERSION,
          expectedVersion: 0n,
          actualVersion: 1n,
        });
    }
  });

  it("keeps bytes, text beyond ASCII, empty data and metadata as they are", async () => {
    const stream = `${fresh()}-ß漢🛒`;
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, n) => n));
    await append(stream, [
      binaryEvent({ type: "bytes", data: bytes, metadata: Buffer.from([0, 255]) }),
      binaryEvent({ type: "nothing", data: Buffer.alloc(0) }),
      jsonEvent({ type: "naïve – 型", data: { text: "🛒é" }, metadata: { deep: { er: [1, null, "x"] } } }),
    ]);
    const [binary, nothing, json] = (await all(server.client.readStream(stream))).map((each) => each.event);
    expect(Buffer.from(binary?.data as Uint8Array).equals(bytes)).toBe(true);
    expect([...(binary?.metadata as Uint8Array)]).toEqual([0, 255]);
    expect(Buffer.from(nothing?.data as Uint8Array)).toHaveLength(0);
    expect(json).toMatchObject({
      type: "naïve – 型",
      isJson: true,
      data: { text: "🛒é" },
      metadata: { deep: { er: [1, null, "x"] } },
      streamId: stream,
    });
  });

  it("takes an append through both of the protocol's ways", async () => {
    // With credentials the client appends by a call of its own, otherwise in its one batch call.
    const stream = fresh();
    const credentials = { username: "admin", password: "changeit" };
    await append(stream, event(0), { credentials, expectedRevision: NO_STREAM });
    await append(stream, event(1), { expectedRevision: 0n });
    expect(await refusal(append(stream, event(2), { credentials, expectedRevision: 0n }))).toBe(
      ErrorType.WRONG_EXPECTED_VERSION,
    );
    expect(await refusal(append(stream, event(2), { expectedRevision: 0n }))).toBe(ErrorType.WRONG_EXPECTED_VERSION);
    expect(numbers(await all(server.client.readStream(stream)))).toEqual([0, 1]);
  });

  it("sends a large append in several pieces and writes it as one", async () => {
    const stream = fresh();
    const many = Array.from({ length: 500 }, (_, n) =>
      jsonEvent({ type: "large", data: { n, pad: "x".repeat(1500) } }),
    );
    const result = await append(stream, many, { batchAppendSize: 10_000 });
    expect(result.nextExpectedRevision).toBe(499n);
  });

  it("refuses more than a mebibyte in one append and takes nothing of it", async () => {
    const stream = fresh();
    const large = Array.from({ length: 3 }, () => binaryEvent({ type: "large", data: Buffer.alloc(400_000) }));
    expect(await refusal(append(stream, large))).toBe(ErrorType.MAXIMUM_APPEND_SIZE_EXCEEDED);
    expect(await refusal(append(stream, large, { credentials: { username: "admin", password: "changeit" } }))).toBe(
      ErrorType.MAXIMUM_APPEND_SIZE_EXCEEDED,
    );
    expect(await refusal(all(server.client.readStream(stream)))).toBe(ErrorType.STREAM_NOT_FOUND);
  });
});

describe("appending the same again", () => {
  it.each<[string, AppendExpectedRevision | undefined]>([
    ["any", ANY],
    ["no stream", NO_STREAM],
    ["the revision before", undefined],
  ])("answers a repeated append as the first one, expecting %s", async (_, expectation) => {
    const stream = fresh();
    let expectedRevision: AppendExpectedRevision = expectation ?? 2n;
    if (expectation === undefined)
      expectedRevision = (await server.client.appendToStream(stream, events(3))).nextExpectedRevision;
    const batch = [event(1, "once", { id: randomUUID() }), event(2, "once", { id: randomUUID() })];
    const first = await server.client.appendToStream(stream, batch, { expectedRevision });
    await server.client.appendToStream(stream, events(4));
    const again = await server.client.appendToStream(stream, batch, { expectedRevision });
    expect(again.nextExpectedRevision).toBe(first.nextExpectedRevision);
    const found = await all(server.client.readStream(stream));
    expect(found.filter((each) => each.event?.type === "once")).toHaveLength(2);
  });

  it("recognises a repeat whose first answer never came, while others write", async () => {
    const stream = fresh();
    const batch = events(2).map(({ data, type }) => jsonEvent({ type, data, id: randomUUID() }));
    const results = await Promise.all(Array.from({ length: 10 }, () => server.client.appendToStream(stream, batch)));
    expect(new Set(results.map(({ nextExpectedRevision }) => nextExpectedRevision))).toEqual(new Set([1n]));
    expect(await all(server.client.readStream(stream))).toHaveLength(2);
  });

  it("refuses what is partly old and partly new", async () => {
    const stream = fresh();
    const old = event(1, "once", { id: randomUUID() });
    await server.client.appendToStream(stream, old);
    expect(await refusal(server.client.appendToStream(stream, [old, event(2)], { expectedRevision: NO_STREAM }))).toBe(
      ErrorType.WRONG_EXPECTED_VERSION,
    );
  });

  it("takes an id again in another stream", async () => {
    const id = randomUUID();
    const [one, other] = [fresh(), fresh()];
    await server.client.appendToStream(one, event(1, "once", { id }));
    await server.client.appendToStream(other, event(1, "once", { id }), { expectedRevision: NO_STREAM });
    expect(await all(server.client.readStream(other))).toHaveLength(1);
  });

  it("holds for a stream with events expecting that it exists", async () => {
    const stream = fresh();
    expect(await refusal(server.client.appendToStream(stream, event(1), { expectedRevision: STREAM_EXISTS }))).toBe(
      ErrorType.WRONG_EXPECTED_VERSION,
    );
    await server.client.appendToStream(stream, event(0));
    const repeated = event(1, "once", { id: randomUUID() });
    for (let time = 0; time < 2; time++) {
      const { nextExpectedRevision } = await server.client.appendToStream(stream, repeated, {
        expectedRevision: STREAM_EXISTS,
      });
      expect(nextExpectedRevision).toBe(1n);
    }
  });
});
