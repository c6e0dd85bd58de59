import {
  binaryEvent,
  END,
  ErrorType,
  eventTypeFilter,
  excludeSystemEvents,
  START,
  streamNameFilter,
  type ResolvedEvent,
} from "@eventstore/db-client";
import { eventually } from "../../support/eventually";
import { collect, event, fresh, numbers, subject } from "./support";

const server = subject();
const append = (stream: string, first: number, count: number) =>
  server.client.appendToStream(
    stream,
    Array.from({ length: count }, (_, i) => event(first + i)),
  );

describe("subscribing to a stream", () => {
  it("delivers what there is and what comes, in order and once", async () => {
    const stream = fresh();
    await append(stream, 0, 500);
    const subscription = server.client.subscribeToStream(stream, { fromRevision: START });
    const found = await collect(subscription, 800, async () => {
      for (let n = 500; n < 800; n += 10) await append(stream, n, 10);
    });
    expect(numbers(found)).toEqual([...Array(800).keys()]);
  });

  it("begins after the revision it is given, or with what comes next", async () => {
    const stream = fresh();
    await append(stream, 0, 10);
    expect(numbers(await collect(server.client.subscribeToStream(stream, { fromRevision: 6n }), 3))).toEqual([7, 8, 9]);
    const live = server.client.subscribeToStream(stream, { fromRevision: END });
    expect(numbers(await collect(live, 2, () => append(stream, 10, 2)))).toEqual([10, 11]);
  });

  it("waits for a stream that does not exist yet", async () => {
    const stream = fresh();
    const found = await collect(server.client.subscribeToStream(stream), 1, () => append(stream, 0, 1));
    expect(numbers(found)).toEqual([0]);
  });

  it("resolves links", async () => {
    const [target, links] = [fresh(), fresh("links")];
    await append(target, 0, 2);
    const subscription = server.client.subscribeToStream(links, { resolveLinkTos: true });
    const [found] = await collect(subscription, 1, () =>
      server.client.appendToStream(links, binaryEvent({ type: "$>", data: Buffer.from(`1@${target}`) })),
    );
    expect(found).toMatchObject({ event: { streamId: target, revision: 1n }, link: { streamId: links, revision: 0n } });
  });

  it("ends when the stream gets a tombstone", async () => {
    const stream = fresh();
    await append(stream, 0, 1);
    const subscription = server.client.subscribeToStream(stream);
    const error = await new Promise<{ type?: string }>((resolve) => {
      subscription.on("error", (reason: Error) => resolve(reason as { type?: string }));
      subscription.on("data", () => void server.client.tombstoneStream(stream));
    });
    expect(error.type).toBe(ErrorType.STREAM_DELETED);
  });

  it("tells when it has caught up", async () => {
    const stream = fresh();
    await append(stream, 0, 20);
    const subscription = server.client.subscribeToStream(stream);
    const seen: unknown[] = [];
    subscription.on("data", () => seen.push("event"));
    subscription.on("caughtUp", () => seen.push("caught up"));
    await eventually(() => seen.length === 21);
    expect(seen[20]).toBe("caught up");
    await append(stream, 20, 1);
    await eventually(() => seen.length === 22);
    expect(seen[21]).toBe("event");
    await subscription.unsubscribe();
  });
});

describe("subscribing to everything", () => {
  it("filters by stream prefix while others write", async () => {
    const prefix = fresh("mine");
    const filter = streamNameFilter({ prefixes: [`${prefix}-`] });
    const found = await collect(server.client.subscribeToAll({ filter }), 100, async () => {
      await Promise.all(
        [...Array(100).keys()].map(async (n) => {
          await append(`${prefix}-${n}`, n, 1);
          await append(fresh("other"), n, 2);
        }),
      );
    });
    expect(numbers(found).sort((a, b) => a - b)).toEqual([...Array(100).keys()]);
  });

  it("filters by event type, with a pattern", async () => {
    const type = fresh("type");
    const filter = eventTypeFilter({ regex: `^${type}\\.(a|b)$` });
    const stream = fresh();
    const found = await collect(server.client.subscribeToAll({ filter }), 2, () =>
      server.client.appendToStream(stream, [event(1, `${type}.a`), event(2, `${type}.c`), event(3, `${type}.b`)]),
    );
    expect(numbers(found)).toEqual([1, 3]);
  });

  it("begins after the position it is given", async () => {
    const stream = fresh();
    const { position } = await append(stream, 0, 1);
    await append(stream, 1, 2);
    const filter = streamNameFilter({ prefixes: [stream] });
    const found = await collect(server.client.subscribeToAll({ fromPosition: position ?? START, filter }), 2);
    expect(numbers(found)).toEqual([1, 2]);
  });

  it("reports checkpoints, from which another subscription goes on without a gap", async () => {
    const prefix = fresh("marked");
    for (let n = 0; n < 40; n++) {
      await append(fresh("noise"), 0, 10);
      await append(`${prefix}-1`, n, 1);
    }
    let seen = 0;
    const checkpoint = await new Promise<{ position: { commit: bigint; prepare: bigint }; seen: number }>(
      (resolve, reject) => {
        const subscription = server.client.subscribeToAll({
          filter: streamNameFilter({
            prefixes: [`${prefix}-`],
            checkpointInterval: 1,
            checkpointReached: (_subscription, position) => {
              if (seen < 5) return;
              resolve({ position, seen });
              void subscription.unsubscribe();
            },
          }),
        });
        subscription.on("error", reject);
        subscription.on("data", () => seen++);
      },
    );
    const rest = 40 - checkpoint.seen;
    const filter = streamNameFilter({ prefixes: [`${prefix}-`] });
    if (rest > 0) {
      const found = await collect(server.client.subscribeToAll({ fromPosition: checkpoint.position, filter }), rest);
      expect(numbers(found)).toEqual(Array.from({ length: rest }, (_, i) => checkpoint.seen + i));
    }
  });

  it("leaves out system events on demand", async () => {
    const stream = fresh();
    const filter = excludeSystemEvents();
    const found = await collect(server.client.subscribeToAll({ fromPosition: END, filter }), 2, async () => {
      await append(stream, 0, 1);
      await server.client.setStreamMetadata(stream, { maxCount: 10 });
      await append(stream, 1, 1);
    });
    expect(numbers(found)).toEqual([0, 1]);
  });

  it("delivers to many subscribers, each at its own pace", async () => {
    const stream = fresh();
    const filter = streamNameFilter({ prefixes: [stream] });
    const slow = server.client.subscribeToAll({ filter });
    const slowly: ResolvedEvent[] = [];
    slow.once("data", (first: ResolvedEvent) => {
      slowly.push(first);
      slow.pause();
      slow.on("data", (next: ResolvedEvent) => slowly.push(next));
      slow.pause();
    });
    const fast = Array.from({ length: 8 }, () => collect(server.client.subscribeToAll({ filter }), 200));
    for (let n = 0; n < 200; n += 20) await append(stream, n, 20);
    for (const found of await Promise.all(fast)) expect(numbers(found)).toEqual([...Array(200).keys()]);
    slow.resume();
    await eventually(() => slowly.length === 200);
    expect(numbers(slowly)).toEqual([...Array(200).keys()]);
    await slow.unsubscribe();
  });

  it("can be ended and begun again many times", async () => {
    const stream = fresh();
    await append(stream, 0, 3);
    const filter = streamNameFilter({ prefixes: [stream] });
    const rounds = await Promise.all(
      Array.from({ length: 20 }, () => collect(server.client.subscribeToAll({ filter }), 3)),
    );
    expect(rounds.every((found) => found.length === 3)).toBe(true);
  });
});
