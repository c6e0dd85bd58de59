import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventStoreDBClient, persistentSubscriptionToStreamSettingsFromDefaults, START } from "@eventstore/db-client";
import { startEventStore } from "../../../src/infra/bundled/eventstore";
import { eventually } from "../../support/eventually";
import { storesKind, startStores } from "../../support/stores";
import { all, collect, event, events, numbers } from "./support";

interface Running {
  readonly url: string;
  stop(): Promise<void>;
}

/** A container has its projections switched on; the bundled server of the other suites has not. */
async function start(): Promise<Running> {
  if (storesKind() === "bundled") return startEventStore({ port: 0, memory: true, systemProjections: true });
  const stores = await startStores({ need: { eventstore: true } });
  return { url: stores.eventstoreUrl, stop: () => stores.stop() };
}

let counter = 0;
/** Without a `-`, so that it is a category of its own. */
const category = (): string => `sys${Date.now().toString(36)}x${counter++}`;
const shown = async (client: EventStoreDBClient, stream: string): Promise<string[]> =>
  (await all(client.readStream(stream))).map((each) => Buffer.from(each.event?.data as Uint8Array).toString());

describe("the streams of the system projections", () => {
  let server: Running;
  let client: EventStoreDBClient;
  beforeAll(async () => {
    server = await start();
    client = EventStoreDBClient.connectionString(server.url);
  });
  afterAll(async () => {
    await client.dispose();
    await server.stop();
  });

  it("$ce- holds links to all events of a category, in log order", async () => {
    const name = category();
    const expected: string[] = [];
    for (let n = 0; n < 30; n++) {
      const stream = `${name}-${n % 3}-more`;
      const { nextExpectedRevision } = await client.appendToStream(stream, event(n));
      expected.push(`${nextExpectedRevision}@${stream}`);
      await client.appendToStream(`${category()}-1`, event(99));
    }
    await eventually(async () => (await shown(client, `$ce-${name}`)).length === 30);
    expect(await shown(client, `$ce-${name}`)).toEqual(expected);
    const resolved = await all(client.readStream(`$ce-${name}`, { resolveLinkTos: true }));
    expect(numbers(resolved)).toEqual([...Array(30).keys()]);
    expect(resolved[0]?.link).toMatchObject({ streamId: `$ce-${name}`, type: "$>", revision: 0n });
  });

  it("$et- holds links to all events of a type", async () => {
    const type = category();
    await client.appendToStream(`${type}-a`, [event(1, type), event(2), event(3, type)]);
    await client.appendToStream(`plain${type}`, event(4, type));
    await eventually(async () => (await shown(client, `$et-${type}`)).length === 3);
    expect(await shown(client, `$et-${type}`)).toEqual([`0@${type}-a`, `2@${type}-a`, `0@plain${type}`]);
  });

  it("$streams holds a link to the first event of each stream, $category- names the streams", async () => {
    const name = category();
    for (const id of ["a", "b", "a"]) await client.appendToStream(`${name}-${id}`, event(1));
    await eventually(async () => (await shown(client, `$category-${name}`)).length === 2);
    expect(await shown(client, `$category-${name}`)).toEqual([`${name}-a`, `${name}-b`]);
    const streams = (await shown(client, "$streams")).filter((each) => each.includes(`@${name}-`));
    expect(streams).toEqual([`0@${name}-a`, `0@${name}-b`]);
  });

  it("$bc- holds links to the events of one correlation", async () => {
    const id = category();
    const metadata = { $correlationId: id };
    await client.appendToStream(`${id}-1`, [event(1, "happened", { metadata }), event(2)]);
    await client.appendToStream(`${id}-2`, event(3, "happened", { metadata }));
    await eventually(async () => (await shown(client, `$bc-${id}`)).length === 2);
    expect(await shown(client, `$bc-${id}`)).toEqual([`0@${id}-1`, `0@${id}-2`]);
  });

  it("gives a stream without a category none, and system streams neither", async () => {
    const name = category();
    await client.appendToStream(name, event(1));
    await client.appendToStream(`-${name}`, event(1));
    await client.setStreamMetadata(`${name}-x`, { maxCount: 1 });
    await client.appendToStream(`${name}-x`, event(1));
    await eventually(async () => (await shown(client, `$ce-${name}`)).length === 1);
    expect(await shown(client, `$ce-${name}`)).toEqual([`0@${name}-x`]);
  });

  it("can be subscribed to while events come, and through a persistent subscription", async () => {
    const name = category();
    const append = async () => {
      for (let n = 0; n < 20; n++) await client.appendToStream(`${name}-${n}`, event(n));
    };
    const live = client.subscribeToStream(`$ce-${name}`, { resolveLinkTos: true });
    expect(numbers(await collect(live, 20, append))).toEqual([...Array(20).keys()]);
    const settings = persistentSubscriptionToStreamSettingsFromDefaults({ startFrom: START, resolveLinkTos: true });
    await client.createPersistentSubscriptionToStream(`$ce-${name}`, "group", settings);
    const subscription = client.subscribeToPersistentSubscriptionToStream(`$ce-${name}`, "group");
    const got: number[] = [];
    subscription.on("error", () => undefined);
    subscription.on("data", (resolved) => {
      got.push((resolved.event?.data as { n: number }).n);
      void subscription.ack(resolved);
    });
    await eventually(() => got.length === 20);
    await subscription.unsubscribe();
  });
});

const bundledOnly = storesKind() === "bundled" ? describe : describe.skip;
bundledOnly("the streams of the system projections, after a restart", () => {
  const data = mkdtempSync(join(tmpdir(), "eventstore-projections-"));
  afterAll(() => rmSync(data, { recursive: true, force: true }));

  it("go on where they were, and catch up with what came while they were off", async () => {
    const expected: string[] = [];
    for (let round = 0; round < 4; round++) {
      const server = await startEventStore({ port: 0, data, fsync: false, systemProjections: round !== 2 });
      const client = EventStoreDBClient.connectionString(server.url);
      for (let n = 0; n < 5; n++) {
        const { nextExpectedRevision } = await client.appendToStream(`thing-${n % 2}`, events(60));
        for (let i = 59; i >= 0; i--) expected.push(`${nextExpectedRevision - BigInt(i)}@thing-${n % 2}`);
      }
      // Some rounds end in the middle of the work.
      if (round % 2 === 1) {
        await eventually(async () => (await shown(client, "$ce-thing")).length === expected.length);
        expect(await shown(client, "$ce-thing")).toEqual(expected);
        expect((await shown(client, "$streams")).filter((each) => each.includes("@thing-"))).toEqual([
          "0@thing-0",
          "0@thing-1",
        ]);
      }
      await client.dispose();
      await server.stop();
    }
  });
});
