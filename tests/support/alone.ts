import { EventStoreDBClient, jsonEvent } from "@eventstore/db-client";
import { type DomainEvent, streamCategory } from "../../src/domains/kernel";
import { worksOf, writableBy } from "../../src/engine/context";
import { contextsOf } from "../../src/engine/contexts";
import { Engine } from "../../src/engine/engine";
import { newId, type Outcome } from "../../src/infra/runtime";
import { type Sample, sampleFiles } from "./contracts";
import { eventually } from "./eventually";
import { TEST_MASTER_KEYS } from "./master-keys";
import { startStores, type TestStores, uniquePrefix } from "./stores";

/*
 * One bounded context by itself, on real stores, with nothing of the others but the events that they publish as golden
 * samples (tests/contracts). Its projections, feeds, processes and reactions work, and its deciders are commanded.
 */

/** A sample by its path without `.json` (`catalog/ProductDrafted.v1`), with what is different in it this time. */
export type Published = string | readonly [path: string, changes: Partial<Pick<Sample, "stream">> & { data?: object }];

/** A document of a read model, or rows of a feed, of which at least this much is as said. */
export type Shown =
  | { readonly model: string; readonly id: string; readonly document: object | undefined }
  | { readonly feed: string; readonly rows: readonly object[] };

/** A command to the context's own aggregate, and what comes of it: types of events, or the code of a refusal. */
export interface Decided {
  readonly stream: string;
  readonly command: { readonly type: string } & Readonly<Record<string, unknown>>;
  readonly outcome: readonly string[] | string;
}

export interface AloneStory {
  /** What others, and it itself, wrote before, in this order. */
  readonly given: readonly Published[];
  readonly shows: readonly Shown[];
  readonly decides?: readonly Decided[];
  /** What is shown once that was decided. */
  readonly afterwards?: readonly Shown[];
  /** Events that it appends by itself, by its processes and reactions, to what `given` tells: types by stream. */
  readonly does?: Readonly<Record<string, readonly string[]>>;
}

const contexts = contextsOf({ paymentTimeout: 60 });
const PATIENCE = 20_000;

export class Alone {
  private constructor(
    readonly name: string,
    readonly engine: Engine,
    private readonly client: EventStoreDBClient,
    private readonly stores: TestStores,
    private readonly prefix: string,
    private readonly opened: ReadonlySet<string>,
  ) {}

  static async start(name: string): Promise<Alone> {
    const stores = await startStores();
    const prefix = uniquePrefix();
    const opened = new Set<string>();
    const { eventstoreUrl, mongoUrl } = stores;
    const engine = await Engine.start({
      contexts,
      only: [name],
      work: "all",
      eventstoreUrl,
      mongoUrl,
      mongoPrefix: prefix,
      writeConcern: 1,
      masterKeys: TEST_MASTER_KEYS,
      onCommand: ({ databaseName }) => opened.add(databaseName),
      report: () => undefined,
    });
    return new Alone(name, engine, EventStoreDBClient.connectionString(eventstoreUrl), stores, prefix, opened);
  }

  async stop(): Promise<void> {
    await this.engine.stop();
    await this.client.dispose();
    await this.stores.stop();
  }

  /** Events as others append them: as they were written, past this engine. */
  async publish(given: readonly Published[]): Promise<void> {
    const files = new Map(sampleFiles().map(({ path, sample }) => [path, sample]));
    for (const each of given) {
      const [path, changes] = typeof each === "string" ? ([each, {}] as const) : each;
      const sample = files.get(`${path}.json`);
      if (!sample) throw new Error(`there is no sample ${path}`);
      const data = { ...(sample.data as Record<string, unknown>), ...changes.data };
      const metadata = { ...sample.metadata, commandId: newId() };
      const event = jsonEvent({ id: newId(), type: sample.type, data, metadata });
      await this.client.appendToStream(changes.stream ?? sample.stream, [event]);
    }
  }

  /** All that is in the log has been handled, and nothing stands still. */
  async level(): Promise<void> {
    expect(await this.engine.level(PATIENCE)).toBe(true);
    const head = await this.engine.log.endPosition();
    await eventually(() => {
      const states = [...this.engine.workerStates.map(({ name, state }) => ({ name, ...state })), ...this.engine.readModelStates.map(({ name, active }) => ({ name, ...active }))]; // prettier-ignore
      const failed = states.find(({ status }) => status === "failed");
      if (failed) throw new Error(`${failed.name} stands still: ${failed.error?.message}`);
      return states.every(({ status, position }) => status === "live" && position >= head);
    }, PATIENCE);
    const stuck = await this.engine.processes.counts([...this.engine.workers.keys()], PATIENCE);
    expect(stuck.filter((each) => each.stuck > 0)).toEqual([]);
  }

  async expectShown(shown: readonly Shown[]): Promise<void> {
    await this.level();
    for (const each of shown) {
      if ("model" in each) {
        const document = await this.engine.models.get(this.name, each.model).get(each.id);
        if (each.document === undefined) expect(document).toBeUndefined();
        else expect({ of: each.id, ...document }).toMatchObject({ of: each.id, ...each.document });
      } else {
        const rows = await this.engine.models.get(this.name, each.feed).collection.find().sort({ _id: 1 }).toArray();
        expect(rows).toMatchObject(each.rows.map((row) => expect.objectContaining(row) as object));
      }
    }
  }

  /** By the real command handler, against the real log. */
  async decide({ stream, command }: Pick<Decided, "stream" | "command">): Promise<Outcome> {
    const category = streamCategory(stream);
    const aggregate = this.engine.aggregate(category);
    if (!aggregate) throw new Error(`there is no aggregate of category ${category}`);
    const commandId = newId();
    const context = { commandId, correlationId: commandId, actor: "key:test" };
    const id = stream.slice(category.length + 1);
    return this.engine.commands.execute<unknown, DomainEvent, unknown>(
      aggregate,
      id,
      { at: new Date().toISOString(), ...command },
      context,
    );
  }

  async typesIn(stream: string): Promise<readonly string[]> {
    const types: string[] = [];
    for await (const { type } of this.engine.log.readSealed(stream)) types.push(type);
    return types;
  }

  /** Databases that were opened, without the prefix. */
  get databases(): readonly string[] {
    // `admin` takes what is about the connection itself.
    return [...this.opened].filter((name) => name !== "admin").map((name) => name.slice(this.prefix.length + 1));
  }
}

/** The types of events that a context listens to. */
function heardBy(name: string): ReadonlySet<string> {
  const own = contexts.filter((context) => context.name === name);
  return new Set(own.flatMap(worksOf).flatMap(({ events }) => events));
}

/** The tests that every context has of itself alone. */
export function testAlone(name: string, { given, shows, decides = [], afterwards = [], does = {} }: AloneStory): void {
  describe(`${name} alone`, () => {
    let alone: Alone;
    beforeAll(async () => {
      alone = await Alone.start(name);
    });
    afterAll(() => alone.stop());

    test("shows and does what follows from the events that are published", async () => {
      await alone.publish(given);
      await alone.expectShown(shows);
      for (const [stream, types] of Object.entries(does))
        await eventually(async () => {
          const found = await alone.typesIn(stream);
          if (found.join() !== types.join())
            throw new Error(`${stream} has ${found.join(", ")}, not ${types.join(", ")}`);
          return true;
        }, PATIENCE);
    });

    if (decides.length > 0)
      test("decides on its own aggregates", async () => {
        for (const { outcome, ...asked } of decides) {
          const got = await alone.decide(asked);
          const told = got.accepted ? got.events.map(({ type }) => type) : got.error.code;
          expect([asked.command.type, told]).toEqual([asked.command.type, outcome]);
        }
        await alone.expectShown(afterwards);
      });

    const heard = heardBy(name);
    if (heard.size > 0)
      test("takes every sample of what it listens to, in whatever order, and goes on", async () => {
        const { runners, workers } = alone.engine;
        expect(runners.size + workers.size).toBeGreaterThan(0);
        const samples = sampleFiles().filter(({ type }) => heard.has(type));
        expect(samples.length).toBeGreaterThan(0);
        await alone.publish(samples.map(({ path }) => path.slice(0, -".json".length)));
        await alone.level();
      });

    test("opens no database of another context, and appends to no stream but its own and those that it commands", async () => {
      const shared = ["operations", "keys"];
      expect([...new Set([...alone.databases, ...shared])].toSorted()).toEqual(
        [...new Set([name, ...shared])].toSorted(),
      );
      const writable = writableBy(contexts.filter((context) => context.name === name));
      const foreign = contexts.flatMap(({ aggregates }) => aggregates).find(({ category }) => !writable.includes(category)); // prettier-ignore
      await expect(alone.engine.log.append(`${foreign?.category}-x`, [], -1)).rejects.toThrow("nothing is appended to");
    });
  });
}
