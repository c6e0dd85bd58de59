/**
 * kill -9 at any instant, under load: what was acknowledged is there, whole, in order and once; positions only grow;
 * progress and parked messages of persistent subscriptions survive. `CRASH_ROUNDS` sets how often (default 6).
 */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  EventStoreDBClient,
  jsonEvent,
  PARK,
  persistentSubscriptionToStreamSettingsFromDefaults,
  START,
} from "@eventstore/db-client";
import { eventually } from "../support/eventually";
import { spawnEventStore, type SpawnedEventStore } from "../../src/infra/bundled/eventstore/process";

const ROUNDS = Number(process.env["CRASH_ROUNDS"] ?? 6);
const WRITERS = 24;

jest.setTimeout(60_000 + ROUNDS * 20_000);

interface Acknowledged {
  readonly stream: string;
  readonly revision: bigint;
  readonly ids: readonly string[];
  readonly position: bigint;
}

/** Like expect, but fast enough for every event of the log. */
function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`Not so: ${what}`);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const ready = (settings = {}) => persistentSubscriptionToStreamSettingsFromDefaults({ startFrom: START, ...settings });

describe("the event store, killed under load", () => {
  const data = mkdtempSync(join(tmpdir(), "eventstore-kill-"));
  const acknowledged = new Map<string, Acknowledged[]>();
  const attempted = new Map<string, string>();
  const nothingChecked = () => ({ position: -1n, seen: new Map<string, string>(), next: new Map<string, bigint>() });
  /** What of the log has been looked at, and how many appends to each stream were found there. */
  let checked = nothingChecked();
  const confirmed = new Map<string, number>();
  let highest = -1n;
  let running: SpawnedEventStore | undefined;

  afterAll(async () => {
    await running?.stop();
    rmSync(data, { recursive: true, force: true });
  });

  const reported: string[] = [];
  const start = (systemProjections: boolean): Promise<SpawnedEventStore> =>
    spawnEventStore({ port: 0, data, systemProjections, log: (line) => reported.push(line) });

  /** Appends without pause until the server is gone; remembers what it was told is safe. */
  async function load(client: EventStoreDBClient, writer: number, over: () => boolean): Promise<void> {
    for (let n = 0; !over(); n++) {
      const stream = `kill-${writer}-${n % 5}`;
      const size = n % 7 === 0 ? 40 : n % 3 === 0 ? 3 : 1;
      const batch = randomUUID();
      const events = Array.from({ length: size }, (_, i) =>
        jsonEvent({ id: randomUUID(), type: "happened", data: { batch, i, size, pad: "x".repeat((n * 37) % 900) } }),
      );
      for (const { id } of events) attempted.set(id, batch);
      try {
        const { nextExpectedRevision, position } = await client.appendToStream(stream, events);
        const done = {
          stream,
          revision: nextExpectedRevision,
          ids: events.map(({ id }) => id),
          position: position?.commit ?? 0n,
        };
        const list = acknowledged.get(stream);
        if (list) list.push(done);
        else acknowledged.set(stream, [done]);
      } catch {
        if (over()) return;
        await pause(5);
      }
    }
  }

  /** Consumes a persistent subscription, parks every tenth event, until the server is gone. */
  function consume(client: EventStoreDBClient): void {
    const subscription = client.subscribeToPersistentSubscriptionToStream("kill-0-0", "workers");
    subscription.on("error", () => undefined);
    subscription.on("data", (resolved) => {
      const park = (resolved.event?.revision ?? 0n) % 10n === 0n;
      const done = park ? subscription.nack(PARK, "tenth", resolved) : subscription.ack(resolved);
      done.catch(() => undefined);
    });
  }

  /** Reads the log from where the last check ended (from the start with `anew`), and looks for what was acknowledged. */
  async function verify(client: EventStoreDBClient, anew = false): Promise<void> {
    if (anew) checked = nothingChecked();
    const { seen, next } = checked;
    let batch: { id: string; left: number } | undefined;
    const fromPosition = checked.position < 0n ? START : { commit: checked.position, prepare: checked.position };
    for await (const { event } of client.readAll({ fromPosition })) {
      if (!event) continue;
      const position = event.position?.commit ?? -1n;
      // Reading from a position includes it.
      if (position === checked.position) continue;
      check(position > checked.position, `positions go up at ${position}`);
      checked.position = position;
      const { streamId: stream, revision } = event;
      check(revision === (next.get(stream) ?? 0n), `${stream} has no gap before ${revision}`);
      next.set(stream, revision + 1n);
      if (!stream.startsWith("kill-")) continue;
      check(!seen.has(event.id), `${event.id} is there once`);
      seen.set(event.id, `${revision}@${stream}`);
      // A batch is whole and in one piece: its events lie next to each other in the log.
      const body = event.data as { batch: string; i: number; size: number };
      check(attempted.get(event.id) === body.batch, `${event.id} was sent`);
      if (!batch || batch.left === 0) {
        check(body.i === 0, `batch ${body.batch} begins with its first event`);
        batch = { id: body.batch, left: body.size };
      }
      check(body.batch === batch.id, `batch ${batch.id} is in one piece`);
      batch.left--;
    }
    expect(batch?.left ?? 0).toBe(0);
    for (const [stream, list] of acknowledged) {
      for (const { revision, ids, position: at } of list.slice(anew ? 0 : confirmed.get(stream))) {
        ids.forEach((id, i) => {
          const due = `${revision - BigInt(ids.length - 1 - i)}@${stream}`;
          check(seen.get(id) === due, `${id} is ${due}`);
        });
        if (at > highest) highest = at;
      }
      confirmed.set(stream, list.length);
    }
    expect(checked.position).toBeGreaterThanOrEqual(highest);
  }

  /** Once more over the index: every stream read by itself agrees with the log. */
  async function verifyStreams(client: EventStoreDBClient): Promise<void> {
    for (const [stream, list] of acknowledged) {
      const ids: string[] = [];
      for await (const { event } of client.readStream(stream)) {
        check(event?.revision === BigInt(ids.length), `${stream} reads without a gap at ${ids.length}`);
        ids.push(event?.id ?? "");
      }
      for (const {
        revision,
        ids: [first],
      } of list.slice(-5)) {
        const size = list.find((entry) => entry.ids[0] === first)?.ids.length ?? 1;
        check(ids[Number(revision) - size + 1] === first, `${first} is found by its revision`);
      }
    }
  }

  /** The links of the category, kept in every second round only, are those of the log: none missing, none twice. */
  async function verifyLinks(client: EventStoreDBClient): Promise<void> {
    const due = [...checked.seen.values()];
    const links = await eventually(async () => {
      const found: string[] = [];
      for await (const { event } of client.readStream("$ce-kill"))
        found.push(Buffer.from(event?.data as Uint8Array).toString());
      return found.length >= due.length ? found : undefined;
    }, 120_000);
    links.forEach((link, i) => check(link === due[i], `link ${i} is to ${due[i]}`));
    expect(links).toHaveLength(due.length);
  }

  it(`keeps everything it acknowledged over ${ROUNDS} kills`, async () => {
    let checkpoint = -1n;
    let parked = 0n;
    for (let round = 0; round < ROUNDS; round++) {
      const server = (running = await start(round % 2 === 1));
      const client = EventStoreDBClient.connectionString(server.url);
      await verify(client);
      if (round === 0)
        await client.createPersistentSubscriptionToStream(
          "kill-0-0",
          "workers",
          ready({ checkPointLowerBound: 1, checkPointUpperBound: 5, checkPointAfter: 50 }),
        );
      else {
        const { stats } = await client.getPersistentSubscriptionToStreamInfo("kill-0-0", "workers");
        expect(stats.lastCheckpointedEventRevision ?? -1n).toBeGreaterThanOrEqual(checkpoint);
        expect(stats.parkedMessageCount).toBeGreaterThanOrEqual(parked);
      }
      let over = false;
      consume(client);
      const writers = Array.from({ length: WRITERS }, (_, writer) => load(client, writer, () => over));
      // Every third time long enough for the index to be saved meanwhile, which happens every two seconds.
      await pause(round % 3 === 2 ? 1900 + Math.random() * 400 : 150 + Math.random() * 500);
      const { stats } = await client.getPersistentSubscriptionToStreamInfo("kill-0-0", "workers");
      checkpoint = stats.lastCheckpointedEventRevision ?? checkpoint;
      parked = stats.parkedMessageCount;
      await pause(Math.random() * 100);
      over = true;
      process.kill(server.pid, "SIGKILL");
      await server.exited;
      // The client leaves some appends without an answer when its connection is cut.
      await Promise.race([Promise.all(writers), pause(300)]);
      void client.dispose();
    }
    const server = (running = await start(true));
    const client = EventStoreDBClient.connectionString(server.url);
    await verify(client, true);
    await verifyStreams(client);
    await verifyLinks(client);
    expect(reported.filter((line) => line.includes("index"))).toEqual([]);
    void client.dispose();
    await server.stop();
    expect([...acknowledged.values()].flat().length).toBeGreaterThan(ROUNDS * 10);
  });
});
