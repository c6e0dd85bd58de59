import {
  binaryEvent,
  DISPATCH_TO_SINGLE,
  END,
  ErrorType,
  eventTypeFilter,
  PARK,
  persistentSubscriptionToAllSettingsFromDefaults,
  persistentSubscriptionToStreamSettingsFromDefaults,
  PINNED,
  RETRY,
  ROUND_ROBIN,
  SKIP,
  START,
  STOP,
  streamNameFilter,
  type PersistentSubscriptionToStream,
  type PersistentSubscriptionToStreamSettings,
  type ResolvedEvent,
} from "@eventstore/db-client";
import { eventually } from "../../support/eventually";
import { event, events, fresh, refusal, subject } from "./support";

const server = subject();
const open = new Set<PersistentSubscriptionToStream>();

afterEach(async () => {
  for (const subscription of open) await subscription.unsubscribe().catch(() => undefined);
  open.clear();
});

const settings = (more: Partial<PersistentSubscriptionToStreamSettings> = {}): PersistentSubscriptionToStreamSettings =>
  persistentSubscriptionToStreamSettingsFromDefaults({ startFrom: START, ...more });

/** Makes a stream with a group; answers their names. */
async function group(
  count: number,
  more: Partial<PersistentSubscriptionToStreamSettings> = {},
): Promise<[string, string]> {
  const stream = fresh();
  if (count > 0) await server.client.appendToStream(stream, events(count));
  await server.client.createPersistentSubscriptionToStream(stream, "group", settings(more));
  return [stream, "group"];
}

type Action = (subscription: PersistentSubscriptionToStream, resolved: ResolvedEvent, retries: number) => unknown;
const ack: Action = (subscription, resolved) => subscription.ack(resolved);

/** Connects; answers what it gets, as a list that grows: `n`, and `n*r` for the r-th retry. */
function consume(stream: string, name: string, act: Action = ack, bufferSize = 10): string[] {
  const got: string[] = [];
  const subscription = server.client.subscribeToPersistentSubscriptionToStream(stream, name, { bufferSize });
  open.add(subscription);
  subscription.on("error", () => open.delete(subscription));
  subscription.on("data", (resolved: ResolvedEvent & { retryCount?: number }) => {
    const retries = resolved.retryCount ?? 0;
    const { n } = resolved.event?.data as { n: number };
    got.push(retries > 0 ? `${n}*${retries}` : String(n));
    void Promise.resolve(act(subscription, resolved, retries)).catch(() => undefined);
  });
  return got;
}

const info = (stream: string, name: string) => server.client.getPersistentSubscriptionToStreamInfo(stream, name);
const names = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => String(from + i));

describe("delivering", () => {
  it("goes through the stream and on with what comes", async () => {
    const [stream, name] = await group(50);
    const got = consume(stream, name);
    await eventually(() => got.length === 50);
    await server.client.appendToStream(stream, event(50));
    await eventually(() => got.length === 51);
    expect(got).toEqual(names(0, 51));
  });

  it("begins at a revision, or at the end as it was when the group was made", async () => {
    const [stream, name] = await group(10, { startFrom: 7n });
    const got = consume(stream, name);
    await eventually(() => got.length === 3);
    expect(got).toEqual(["7", "8", "9"]);
    await server.client.createPersistentSubscriptionToStream(stream, "later", settings({ startFrom: END }));
    await server.client.appendToStream(stream, event(10));
    const later = consume(stream, "later");
    await eventually(() => later.length === 1);
    expect(later).toEqual(["10"]);
  });

  it("hands out no more than the consumer's buffer before it is acknowledged", async () => {
    const [stream, name] = await group(20);
    const held: (() => void)[] = [];
    const got = consume(stream, name, (subscription, resolved) => held.push(() => void subscription.ack(resolved)), 4);
    await eventually(() => got.length === 4);
    await eventually(async () => (await info(stream, name)).stats.totalInFlightMessages === 4);
    expect(got).toHaveLength(4);
    held.splice(0).forEach((release) => release());
    await eventually(() => got.length === 8);
  });

  it("resolves links where the group says so", async () => {
    const [target] = await group(2);
    const links = fresh("links");
    await server.client.appendToStream(links, binaryEvent({ type: "$>", data: Buffer.from(`1@${target}`) }));
    await server.client.createPersistentSubscriptionToStream(links, "group", settings({ resolveLinkTos: true }));
    const seen: ResolvedEvent[] = [];
    consume(links, "group", (subscription, resolved) => {
      seen.push(resolved);
      return subscription.ack(resolved);
    });
    await eventually(() => seen.length === 1);
    expect(seen[0]).toMatchObject({ event: { streamId: target, revision: 1n }, link: { streamId: links } });
  });
});

describe("not acknowledging", () => {
  it("retries in place of the next, counting, until it is skipped", async () => {
    const [stream, name] = await group(3);
    const got = consume(stream, name, (subscription, resolved, retries) => {
      if (resolved.event?.revision !== 1n) return subscription.ack(resolved);
      return retries < 2 ? subscription.nack(RETRY, "again", resolved) : subscription.nack(SKIP, "enough", resolved);
    });
    await eventually(() => got.length === 5);
    expect([...got].sort()).toEqual(["0", "1", "1*1", "1*2", "2"]);
  });

  it("parks what was asked to be parked and what was retried too often; replaying brings it again", async () => {
    const [stream, name] = await group(4, { maxRetryCount: 1 });
    const refused = consume(stream, name, (subscription, resolved) =>
      subscription.nack(resolved.event?.revision === 0n ? PARK : RETRY, "no", resolved),
    );
    await eventually(async () => (await info(stream, name)).stats.parkedMessageCount === 4n);
    expect([...refused].sort()).toEqual(["0", "1", "1*1", "2", "2*1", "3", "3*1"]);
    for (const subscription of open) await subscription.unsubscribe();
    open.clear();
    const got = consume(stream, name);
    await server.client.replayParkedMessagesToStream(stream, name, { stopAt: 3 });
    await eventually(() => got.length === 3);
    await eventually(async () => (await info(stream, name)).stats.parkedMessageCount === 1n);
    await server.client.replayParkedMessagesToStream(stream, name);
    await eventually(() => got.length === 4);
    expect([...got].sort()).toEqual(["0", "1", "2", "3"]);
  });

  it("replays a parked event with the link that parked it, by whose id it is answered", async () => {
    const [stream, name] = await group(2);
    const links: string[] = [];
    consume(stream, name, (subscription, resolved) => {
      if (resolved.link) links.push(`${resolved.link.streamId} ${resolved.link.revision} ${resolved.link.type}`);
      const parkAgain = !resolved.link || links.length === 1;
      return parkAgain ? subscription.nack(PARK, "no", resolved) : subscription.ack(resolved);
    });
    const parkedAre = (count: bigint) =>
      eventually(async () => (await info(stream, name)).stats.parkedMessageCount === count);
    await parkedAre(2n);
    await server.client.replayParkedMessagesToStream(stream, name);
    await parkedAre(1n);
    await server.client.replayParkedMessagesToStream(stream, name);
    await eventually(() => links.length === 3);
    await parkedAre(0n);
    const parked = `$persistentsubscription-${stream}::${name}-parked`;
    expect(links).toEqual([`${parked} 0 $>`, `${parked} 1 $>`, `${parked} 2 $>`]);
    await eventually(async () => (await info(stream, name)).stats.totalInFlightMessages === 0);
  });

  it("delivers again what was not answered in time", async () => {
    const [stream, name] = await group(1, { messageTimeout: 200, maxRetryCount: 5 });
    const got = consume(stream, name, (subscription, resolved, retries) =>
      retries > 0 ? subscription.ack(resolved) : undefined,
    );
    await eventually(() => got.length === 2);
    expect(got).toEqual(["0", "0*1"]);
  });

  it("stops the consumer that says so, and gives its events to another", async () => {
    const [stream, name] = await group(2);
    consume(stream, name, (subscription, resolved) => subscription.nack(STOP, "broken", resolved));
    await eventually(async () => (await info(stream, name)).connections.length === 0);
    const got = consume(stream, name);
    await eventually(() => new Set(got.map((each) => each.split("*")[0])).size === 2);
  });

  it("gives what a lost consumer held to the others", async () => {
    const [stream, name] = await group(6);
    const held = consume(stream, name, () => undefined, 6);
    await eventually(() => held.length === 6);
    for (const subscription of open) await subscription.unsubscribe();
    open.clear();
    const got = consume(stream, name);
    await eventually(() => got.length === 6);
    expect(got.map((each) => each.split("*")[0])).toEqual(names(0, 6));
  });
});

describe("sharing between consumers", () => {
  it("takes turns with RoundRobin", async () => {
    const [stream, name] = await group(0, { consumerStrategyName: ROUND_ROBIN });
    const consumers = [0, 1, 2].map(() => consume(stream, name));
    await eventually(async () => (await info(stream, name)).connections.length === 3);
    await server.client.appendToStream(stream, events(30));
    await eventually(() => consumers.flat().length === 30);
    expect(consumers.map((got) => got.length)).toEqual([10, 10, 10]);
  });

  it("keeps to one consumer with DispatchToSingle as long as that one has room", async () => {
    const [stream, name] = await group(0, { consumerStrategyName: DISPATCH_TO_SINGLE });
    const consumers = [0, 1].map(() => consume(stream, name, ack, 50));
    await eventually(async () => (await info(stream, name)).connections.length === 2);
    for (let n = 0; n < 5; n++) await server.client.appendToStream(stream, event(n));
    await eventually(() => consumers.flat().length === 5);
    expect(consumers.map((got) => got.length).sort()).toEqual([0, 5]);
  });

  it("sends everything of one stream to one consumer with Pinned", async () => {
    const category = fresh("pinned");
    for (let n = 0; n < 24; n++) await server.client.appendToStream(`${category}-${n % 6}`, event(n % 6));
    const links = Array.from({ length: 24 }, (_, n) =>
      binaryEvent({ type: "$>", data: Buffer.from(`${Math.floor(n / 6)}@${category}-${n % 6}`) }),
    );
    const stream = fresh("links");
    await server.client.createPersistentSubscriptionToStream(
      stream,
      "group",
      settings({ consumerStrategyName: PINNED, resolveLinkTos: true }),
    );
    const consumers = [0, 1, 2].map(() => consume(stream, "group"));
    await eventually(async () => (await info(stream, "group")).connections.length === 3);
    await server.client.appendToStream(stream, links);
    await eventually(() => consumers.flat().length === 24);
    const owners = consumers.map((got) => new Set(got));
    for (let n = 0; n < 6; n++) expect(owners.filter((owner) => owner.has(String(n)))).toHaveLength(1);
  });

  it("admits no more consumers than the group allows", async () => {
    const [stream, name] = await group(0, { maxSubscriberCount: 1 });
    consume(stream, name);
    await eventually(async () => (await info(stream, name)).connections.length === 1);
    const second = server.client.subscribeToPersistentSubscriptionToStream(stream, name);
    const error = await new Promise<Error>((resolve) => second.on("error", resolve));
    expect(error).toMatchObject({ type: ErrorType.MAXIMUM_SUBSCRIBERS_REACHED });
  });
});

describe("progress", () => {
  it("is kept: a new consumer goes on after what was acknowledged", async () => {
    const [stream, name] = await group(20, { checkPointLowerBound: 1, checkPointUpperBound: 1, checkPointAfter: 50 });
    const got = consume(stream, name, (subscription, resolved) =>
      (resolved.event?.revision ?? 99n) < 10n ? subscription.ack(resolved) : undefined,
    );
    await eventually(() => got.length === 20);
    await eventually(async () => (await info(stream, name)).stats.lastCheckpointedEventRevision === 9n);
    await server.client.restartPersistentSubscriptionSubsystem();
    open.clear();
    const rest = consume(stream, name);
    await eventually(() => rest.length === 10);
    expect(rest.map((each) => each.split("*")[0])).toEqual(names(10, 20));
  });

  it("survives a change of the settings, which drops the consumers", async () => {
    const [stream, name] = await group(6, { checkPointLowerBound: 1, checkPointUpperBound: 1, checkPointAfter: 50 });
    const got = consume(stream, name);
    await eventually(() => got.length === 6);
    await eventually(async () => (await info(stream, name)).stats.lastCheckpointedEventRevision === 5n);
    await server.client.updatePersistentSubscriptionToStream(stream, name, settings({ maxRetryCount: 3 }));
    await eventually(() => open.size === 0);
    expect((await info(stream, name)).settings.maxRetryCount).toBe(3);
    await server.client.appendToStream(stream, event(6));
    const rest = consume(stream, name);
    await eventually(() => rest.length > 0);
    expect(rest[0]).toBe("6");
  });
});

describe("groups", () => {
  it("are listed, described, and gone once deleted", async () => {
    const [stream] = await group(1);
    await server.client.createPersistentSubscriptionToStream(stream, "second", settings({ maxRetryCount: 7 }));
    const listed = await server.client.listPersistentSubscriptionsToStream(stream);
    expect(listed.map((each) => [each.groupName, each.settings.maxRetryCount]).sort()).toEqual([
      ["group", 10],
      ["second", 7],
    ]);
    await server.client.deletePersistentSubscriptionToStream(stream, "second");
    expect(await refusal(info(stream, "second"))).toBe(ErrorType.PERSISTENT_SUBSCRIPTION_DOES_NOT_EXIST);
    const all = await server.client.listAllPersistentSubscriptions();
    expect(all.some((each) => each.eventSource === stream && each.groupName === "group")).toBe(true);
  });

  it("tell how quick their consumers are, where asked to", async () => {
    const [stream, name] = await group(10, { extraStatistics: true });
    const got = consume(stream, name);
    await eventually(() => got.length === 10);
    await eventually(async () => {
      const [connection] = (await info(stream, name)).connections;
      return connection?.extraStatistics?.get("quintile 3") !== undefined && connection.totalItems === 10n;
    });
  });

  it("made anew under an old name know nothing of the old one", async () => {
    const [stream, name] = await group(3, { checkPointLowerBound: 1, checkPointUpperBound: 1, checkPointAfter: 50 });
    const got = consume(stream, name, (subscription, resolved) =>
      resolved.event?.revision === 0n ? subscription.nack(PARK, "no", resolved) : subscription.ack(resolved),
    );
    await eventually(() => got.length === 3);
    await eventually(async () => (await info(stream, name)).stats.parkedMessageCount === 1n);
    await server.client.deletePersistentSubscriptionToStream(stream, name);
    await server.client.createPersistentSubscriptionToStream(stream, name, settings());
    expect((await info(stream, name)).stats.parkedMessageCount).toBe(0n);
    const anew = consume(stream, name);
    await eventually(() => anew.length === 3);
    expect(anew).toEqual(["0", "1", "2"]);
  });

  it.each(["create", "subscribe", "update", "delete", "info", "replay"])(
    "that are missing or there already: %s",
    async (what) => {
      const [stream] = await group(0);
      const { client } = server;
      const attempts: Record<string, () => Promise<unknown>> = {
        create: () => client.createPersistentSubscriptionToStream(stream, "group", settings()),
        subscribe: () =>
          new Promise((_, reject) =>
            client.subscribeToPersistentSubscriptionToStream(stream, "none").on("error", reject),
          ),
        update: () => client.updatePersistentSubscriptionToStream(stream, "none", settings()),
        delete: () => client.deletePersistentSubscriptionToStream(stream, "none"),
        info: () => info(stream, "none"),
        replay: () => client.replayParkedMessagesToStream(stream, "none"),
      };
      expect(await refusal((attempts[what] as () => Promise<unknown>)())).toBe(
        what === "create" ? ErrorType.PERSISTENT_SUBSCRIPTION_EXISTS : ErrorType.PERSISTENT_SUBSCRIPTION_DOES_NOT_EXIST,
      );
    },
  );
});

describe("groups over everything", () => {
  const toAll = persistentSubscriptionToAllSettingsFromDefaults({ startFrom: START });

  it.each([
    ["a stream prefix", (prefix: string) => streamNameFilter({ prefixes: [`${prefix}-`] })],
    ["a stream pattern", (prefix: string) => streamNameFilter({ regex: `^${prefix}-\\d$` })],
    ["an event type", (prefix: string) => eventTypeFilter({ prefixes: [prefix] })],
  ])("filter by %s", async (_, filter) => {
    const prefix = fresh("all");
    const name = fresh("group");
    for (let n = 0; n < 5; n++) {
      await server.client.appendToStream(`${prefix}-${n}`, event(n, prefix));
      await server.client.appendToStream(fresh(), event(99));
    }
    await server.client.createPersistentSubscriptionToAll(name, toAll, { filter: filter(prefix) });
    const subscription = server.client.subscribeToPersistentSubscriptionToAll(name);
    const got: number[] = [];
    subscription.on("error", () => undefined);
    subscription.on("data", (resolved) => {
      got.push((resolved.event?.data as unknown as { n: number }).n);
      void subscription.ack(resolved);
    });
    await eventually(() => got.length === 5);
    expect(got).toEqual([0, 1, 2, 3, 4]);
    await subscription.unsubscribe();
    expect((await server.client.listPersistentSubscriptionsToAll()).some((each) => each.groupName === name)).toBe(true);
    await server.client.deletePersistentSubscriptionToAll(name);
  });
});
