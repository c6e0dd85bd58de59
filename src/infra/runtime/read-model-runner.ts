import { type Subscription } from "rxjs";
import { divide, layoutOf, type MongoStores, type Pointer, readModelPointers } from "../mongo";
import { UNKNOWN_LAG } from "./backlog";
import { Build, together } from "./build";
import { Consumer, type ConsumerOptions, type ConsumerServices } from "./consumer";
import { type ConsumerState } from "./consumer-state";
import { type Handler } from "./handler";
import { type Layout, type Part, partitionName } from "./partitions";
import { type Committed } from "./projection-writer";
import { type ReadModel } from "./read-model";
import { readModelHandler } from "./read-model-handler";
import { pause } from "./retry";
import { isReady, Succession } from "./succession";
import { Turns } from "./turns";

export interface RunnerSpec {
  readonly name: string;
  readonly context: string;
  readonly version: number;
  readonly kind: "projection" | "feed";
  /** How many partitions it is to be divided into. */
  readonly partitions?: number;
  writer(target: string, committed: Committed, part: Part): Handler;
}

export interface RunnerState {
  readonly name: string;
  readonly context: string;
  readonly kind: "projection" | "feed";
  readonly version: number;
  readonly target: string;
  /** All partitions together. */
  readonly active: ConsumerState;
  /** Each partition, by its number. */
  readonly partitions: readonly ConsumerState[];
  readonly building?: ConsumerState & { readonly target: string; readonly version: number };
}

/** How often another process is looked for that has begun or ended a rebuild, in ms. */
const POINTER_POLL = 1_000;

/** Rebuilds leave the process to what serves meanwhile: of all of them together so many write a batch at once. */
const BUILDING = new Turns(2);

/** A rebuild was asked for while one is under way. */
export class RebuildUnderWay extends Error {}

/**
 * Keeps one read model up to date. A new version, or a rebuild, is built beside the collection that serves and takes
 * its place atomically once it is level.
 */
export class ReadModelRunner {
  private active: Build | undefined;
  private building: Build | undefined;
  private pointer: Pointer | undefined;
  private following: readonly Subscription[] = [];
  private readonly stopping = new AbortController();
  private switching: Promise<void> | undefined;
  private polling: Promise<void> | undefined;
  private readonly succession: Succession;

  constructor(
    private readonly spec: RunnerSpec,
    private readonly stores: MongoStores,
    private readonly services: ConsumerServices,
    private readonly model: ReadModel,
    private readonly options: Pick<ConsumerOptions, "maxBatch" | "rhythm"> = {},
  ) {
    this.succession = new Succession(stores, spec);
  }

  get name(): string {
    return this.spec.name;
  }

  get context(): string {
    return this.spec.context;
  }

  get state(): RunnerState {
    const { name, context, kind, version } = this.spec;
    const { pointer, building } = this;
    const status = pointer && pointer.version > version ? "waiting" : "starting";
    const partitions = this.active?.states ?? [{ status, position: -1n, lag: UNKNOWN_LAG }];
    return {
      name,
      context,
      kind,
      version: pointer?.version ?? version,
      target: pointer?.active ?? "",
      active: together(partitions),
      partitions,
      ...(building && { building: { ...together(building.states), target: building.target, version } }),
    };
  }

  async start(): Promise<void> {
    const { name, context, version } = this.spec;
    const target = `${name}_v${version}`;
    const pointers = this.pointers();
    const found = await pointers.findOneAndUpdate(
      { _id: name },
      { $setOnInsert: { version, active: target, generation: 0, layouts: { [target]: this.wanted } } },
      { upsert: true, returnDocument: "after" },
    );
    this.pointer = found as Pointer;
    if (found && found.version < version && !this.isOurs(found.building))
      this.pointer =
        (await pointers.findOneAndUpdate(
          { _id: name },
          { $set: { building: target, [`layouts.${target}`]: this.wanted } },
          { returnDocument: "after" },
        )) ?? this.pointer;
    // Who starts last says how it is divided; the others follow.
    if (this.pointer.version === version && layoutOf(this.pointer, this.pointer.active).count !== this.wanted.count) {
      this.pointer = (await divide(this.stores, context, this.pointer, this.wanted.count)) ?? this.pointer;
      const { active } = this.pointer;
      this.services.report("info", `${active} is divided anew`, { readModel: name, partitions: this.wanted.count });
    }
    this.follow(this.pointer);
    if (this.isOurs(this.pointer.building)) this.build(this.pointer.building);
    this.polling = this.watchPointer();
  }

  /** Whether this process writes the documents that serve: those of a partition, else all of them. */
  leads(partition?: number): boolean {
    return this.active?.leads(partition) ?? false;
  }

  private get wanted(): Layout {
    return { count: this.spec.partitions ?? 1 };
  }

  /**
   * @param generation rebuild only if the pointer is this old
   * @throws RebuildUnderWay also when it has been rebuilt since
   */
  async rebuild(generation?: number): Promise<string> {
    const { name, version } = this.spec;
    const pointer = await this.pointers().findOneAndUpdate(
      { _id: name, building: { $exists: false }, ...(generation !== undefined && { generation }) },
      [
        { $set: { generation: { $add: ["$generation", 1] } } },
        { $set: { building: { $concat: [`${name}_v${version}_`, { $toString: "$generation" }] } } },
        {
          $set: {
            layouts: {
              $mergeObjects: ["$layouts", { $arrayToObject: [[{ k: "$building", v: { $literal: this.wanted } }]] }],
            },
          },
        },
      ],
      { returnDocument: "after" },
    );
    if (!pointer?.building) throw new RebuildUnderWay(`${name} is being rebuilt already`);
    // The poll may have told of it before, and the switch even been made.
    if ((this.pointer?.generation ?? -1) < pointer.generation) {
      this.pointer = pointer;
      this.build(pointer.building);
    }
    return pointer.building;
  }

  retry(): void {
    for (const consumer of this.consumers) consumer.retry();
  }

  /** Those that write it, and those that build it anew. */
  get consumers(): readonly Consumer[] {
    return [...(this.active?.consumers ?? []), ...(this.building?.consumers ?? [])];
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all([this.switching, this.polling]);
    await Promise.all([this.active?.stop(), this.building?.stop()]);
    for (const each of this.following) each.unsubscribe();
  }

  /** Rebuilds may be begun, and ended, by any process that works on the read model. */
  private async watchPointer(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await pause(POINTER_POLL, signal);
      const pointer = await this.pointers()
        .findOne({ _id: this.name })
        .catch(() => undefined);
      if (pointer && !signal.aborted) await this.adopt(pointer);
    }
  }

  private async adopt(pointer: Pointer): Promise<void> {
    const known = this.pointer;
    if (!known || known.generation > pointer.generation) return;
    if (pointer.active !== known.active && pointer.version === this.spec.version) {
      const { active: old, building } = this;
      this.pointer = pointer;
      this.building = undefined;
      if (known.building === pointer.active && building) {
        this.active = building;
        this.publish(building);
      } else {
        await building?.stop();
        this.follow(pointer);
      }
      await old?.stop();
    } else if (pointer.version > this.spec.version && known.version <= this.spec.version) {
      // Newer code has taken over: what it writes is followed like anything that others work on.
      const { active: old, building } = this;
      this.pointer = pointer;
      this.active = this.building = undefined;
      for (const each of this.following) each.unsubscribe();
      // The watcher may have been faster.
      if (this.model.collection.collectionName !== pointer.active)
        this.model.serve(pointer.active, layoutOf(pointer, pointer.active).count);
      await Promise.all([old?.stop(), building?.stop()]);
    } else if (pointer.active === known.active && !sameLayout(pointer, known)) {
      const { active: old } = this;
      this.pointer = pointer;
      this.follow(pointer);
      await old?.stop();
    }
    if (this.isOurs(pointer.building) && !this.building) {
      this.pointer = pointer;
      this.build(pointer.building);
    }
  }

  private follow(pointer: Pointer): void {
    // An older version's collection serves as it is until the new one takes over: its code is gone.
    if (pointer.version !== this.spec.version) {
      this.model.serve(pointer.active, layoutOf(pointer, pointer.active).count);
      return;
    }
    this.active = this.newBuild(pointer, pointer.active);
    this.active.start();
    this.publish(this.active);
  }

  private publish(build: Build): void {
    for (const each of this.following) each.unsubscribe();
    this.model.serve(build.target, build.layout.count, () => build.hurry());
    this.following = build.consumers.map((consumer, index) =>
      consumer.position$.subscribe((position) => this.model.moved(position, index)),
    );
  }

  private newBuild(pointer: Pointer, target: string): Build {
    const turns = target === pointer.active ? {} : { turns: BUILDING };
    return new Build(target, layoutOf(pointer, target), (part) => this.consumer(target, part, turns));
  }

  /** A collection of another version is built by processes that have its code. */
  private isOurs(target: string | undefined): target is string {
    const own = `${this.spec.name}_v${this.spec.version}`;
    return target === own || (target?.startsWith(`${own}_`) ?? false);
  }

  /** Two consumers of one target would take it from each other without end. */
  private build(target: string): void {
    const { pointer } = this;
    if (!pointer || [this.active?.target, this.building?.target].includes(target)) return;
    if (this.stopping.signal.aborted) return;
    this.building = this.newBuild(pointer, target);
    this.building.start();
    this.switching = this.takeOver(target, this.building).catch((error: unknown) =>
      this.services.report("error", `the rebuild of ${this.name} could not take over`, { target, error }),
    );
  }

  private consumer(target: string, part: Part, turns: Pick<ConsumerOptions, "turns">): Consumer {
    const { context } = this.spec;
    const committed: Committed = (documents, position) => {
      if (this.pointer?.active === target) this.model.committed(documents, position);
    };
    const handler = readModelHandler(this.spec.writer(target, committed, part), {
      name: `${context}.${this.name}`,
      claimed: (position) => {
        if (this.pointer?.active === target) this.wrote(target, position);
      },
      isLive: () => consumer.state.status === "live",
    });
    const name = partitionName(target, part.index, part.count);
    const consumer = new Consumer(handler, this.services, {
      ...this.options,
      ...turns,
      name,
      context,
      work: this.spec.name,
    });
    return consumer;
  }

  /** Until now another process may have written what serves, and who follows others' work may have served what it was. */
  private wrote(target: string, position: bigint): void {
    const { active, model } = this;
    if (active?.target === target && model.collection.collectionName !== target) this.publish(active);
    model.changed(undefined, position);
  }

  /** Waits until the new collection is level with the one that serves, and puts it in its place. */
  private async takeOver(target: string, builder: Build): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const before = this.pointer;
      if (this.building !== builder) return; // another process has made the switch, see adopt()
      if (isReady(builder) && before && (await this.trySwap(before, target, builder))) {
        if (this.building === builder) {
          const old = this.active;
          this.active = builder;
          this.building = undefined;
          const { building: _, generation, ...rest } = before;
          const switched = { version: this.spec.version, active: target, previous: before.active };
          this.pointer = { ...rest, ...switched, generation: generation + 1 };
          this.publish(builder);
          await old?.stop();
        }
        if (before.previous) await this.succession.discard(before.previous);
        this.services.report("info", `${target} has taken over from ${before.active}`, { readModel: this.name });
        return;
      }
      // What other processes build is asked for in the database, so not so often.
      await pause(builder.leads() ? 20 : 200, signal);
    }
  }

  /** A database that is away for a while is no reason to give the rebuild up. */
  private async trySwap(pointer: Pointer, target: string, builder: Build): Promise<boolean> {
    try {
      return await this.succession.swap(pointer, target, builder);
    } catch (error) {
      this.services.report("warn", `the rebuild of ${this.name} could not take over yet`, { target, error });
      return false;
    }
  }

  private pointers() {
    return readModelPointers(this.stores, this.spec.context);
  }
}

const sameLayout = (a: Pointer, b: Pointer): boolean => layoutOf(a, a.active).count === layoutOf(b, b.active).count;
