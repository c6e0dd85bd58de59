import { type Subscription } from "rxjs";
import { type Recorded } from "../../domains/kernel";
import { Checkpoints, type MongoStores } from "../mongo";
import { beginBatchSpan, isTracing, type TracedSpan, within } from "../observability/tracing";
import { UNKNOWN_LAG } from "./backlog";
import { Consumer, type ConsumerOptions, type ConsumerServices, type ConsumerState, type Handler } from "./consumer";
import { type Committed } from "./projection-writer";
import { type ReadModel } from "./read-model";
import { pause } from "./retry";

/** Which collection of a read model serves, and which one is being built. */
interface Pointer {
  readonly _id: string;
  readonly version: number;
  readonly active: string;
  readonly building?: string;
  readonly previous?: string;
  /** Rises with each rebuild and each switch: each has a collection of its own, and an old pointer is known for one. */
  readonly generation: number;
}

export interface RunnerSpec {
  readonly name: string;
  readonly context: string;
  readonly version: number;
  readonly kind: "projection" | "feed";
  writer(target: string, committed: Committed): Handler;
}

export interface RunnerState {
  readonly name: string;
  readonly context: string;
  readonly kind: "projection" | "feed";
  readonly version: number;
  readonly target: string;
  readonly active: ConsumerState;
  readonly building?: ConsumerState & { readonly target: string; readonly version: number };
}

/** How often another process is looked for that has begun or ended a rebuild, in ms. */
const POINTER_POLL = 1_000;

/** A rebuild was asked for while one is under way. */
export class RebuildUnderWay extends Error {}

/**
 * Keeps one read model up to date. A new version, or a rebuild, is built beside the collection that serves and takes
 * its place atomically once it is level.
 */
export class ReadModelRunner {
  private active: Consumer | undefined;
  private building: Consumer | undefined;
  private pointer: Pointer | undefined;
  private following: Subscription | undefined;
  private readonly stopping = new AbortController();
  private switching: Promise<void> | undefined;
  private polling: Promise<void> | undefined;

  constructor(
    private readonly spec: RunnerSpec,
    private readonly stores: MongoStores,
    private readonly services: ConsumerServices,
    private readonly model: ReadModel,
    private readonly options: Pick<ConsumerOptions, "maxBatch" | "rhythm"> = {},
  ) {}

  get name(): string {
    return this.spec.name;
  }

  get context(): string {
    return this.spec.context;
  }

  get state(): RunnerState {
    const { name, context, kind, version } = this.spec;
    const { pointer, building } = this;
    return {
      name,
      context,
      kind,
      version: pointer?.version ?? version,
      target: pointer?.active ?? "",
      active: this.active?.state ?? { status: "starting", position: -1n, lag: UNKNOWN_LAG },
      ...(building && { building: { ...building.state, target: pointer?.building ?? "", version } }),
    };
  }

  async start(): Promise<void> {
    const { name, version } = this.spec;
    const target = `${name}_v${version}`;
    const pointers = this.pointers();
    const found = await pointers.findOneAndUpdate(
      { _id: name },
      { $setOnInsert: { version, active: target, generation: 0 } },
      { upsert: true, returnDocument: "after" },
    );
    this.pointer = found as Pointer;
    if (found && found.version < version && !this.isOurs(found.building)) {
      await pointers.updateOne({ _id: name }, { $set: { building: target } });
      this.pointer = { ...found, building: target };
    }
    this.follow(this.pointer);
    if (this.isOurs(this.pointer.building)) this.build(this.pointer.building);
    this.polling = this.watchPointer();
  }

  /** Whether the documents that serve are written by this process. */
  get leads(): boolean {
    return this.active?.holdsLease ?? false;
  }

  /** @throws RebuildUnderWay */
  async rebuild(): Promise<string> {
    const { name, version } = this.spec;
    const pointer = await this.pointers().findOneAndUpdate(
      { _id: name, building: { $exists: false } },
      [
        { $set: { generation: { $add: ["$generation", 1] } } },
        { $set: { building: { $concat: [`${name}_v${version}_`, { $toString: "$generation" }] } } },
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
    this.active?.retry();
    this.building?.retry();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all([this.switching, this.polling]);
    await Promise.all([this.active?.stop(), this.building?.stop()]);
    this.following?.unsubscribe();
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
        this.publish(building, pointer.active);
      } else {
        await building?.stop();
        this.follow(pointer);
      }
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
      this.model.serve(pointer.active);
      return;
    }
    this.active = this.consumer(pointer.active);
    this.active.start();
    this.publish(this.active, pointer.active);
  }

  private publish(consumer: Consumer, target: string): void {
    this.following?.unsubscribe();
    this.following = consumer.position$.subscribe((position) => this.model.moved(position));
    this.model.serve(target, () => consumer.hurry());
  }

  /** A collection of another version is built by processes that have its code. */
  private isOurs(target: string | undefined): target is string {
    const own = `${this.spec.name}_v${this.spec.version}`;
    return target === own || (target?.startsWith(`${own}_`) ?? false);
  }

  /** Two consumers of one target would take it from each other without end. */
  private build(target: string): void {
    if ([this.active?.name, this.building?.name].includes(target) || this.stopping.signal.aborted) return;
    this.building = this.consumer(target);
    this.building.start();
    this.switching = this.takeOver(target, this.building).catch((error: unknown) =>
      this.services.report("error", `the rebuild of ${this.name} could not take over`, { target, error }),
    );
  }

  private consumer(target: string): Consumer {
    const { context } = this.spec;
    const committed: Committed = (documents, position) => {
      if (this.pointer?.active === target) this.model.committed(documents, position);
    };
    const writer = this.spec.writer(target, committed);
    const claim = async (token: number) => {
      const position = await writer.claim(token);
      // Until now another process may have written.
      if (this.pointer?.active === target) this.model.changed(undefined, position);
      return position;
    };
    const handler: Handler = {
      types: writer.types,
      claim,
      handle: (events, upTo) => {
        // What is caught up with happened long ago, and its traces are over.
        if (!isTracing() || consumer.state.status !== "live") return writer.handle(events, upTo);
        return within(this.span(events), () => writer.handle(events, upTo));
      },
      checkpoint: (position) => writer.checkpoint(position),
      release: async () => writer.release?.(),
    };
    const consumer = new Consumer(handler, this.services, { ...this.options, name: target, context });
    return consumer;
  }

  /** One batch as traces have it: part of the trace that led to it, or linked to all of them where there are several. */
  private span(events: readonly Recorded[]): TracedSpan | undefined {
    const { context, name } = this.spec;
    const parents = events.map(({ metadata }) => metadata.traceparent);
    return beginBatchSpan(`project ${context}.${name}`, "consumer", parents, { "millrace.events": events.length });
  }

  /** Waits until the new collection is level with the one that serves, and puts it in its place. */
  private async takeOver(target: string, builder: Consumer): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const before = this.pointer;
      if (this.building !== builder) return; // another process has made the switch, see adopt()
      if (builder.state.status === "live" && before && (await this.trySwap(before, target, builder))) {
        if (this.building === builder) {
          const old = this.active;
          this.active = builder;
          this.building = undefined;
          const { building: _, generation, ...rest } = before;
          const switched = { version: this.spec.version, active: target, previous: before.active };
          this.pointer = { ...rest, ...switched, generation: generation + 1 };
          this.publish(builder, target);
          await old?.stop();
        }
        if (before.previous) await this.discard(before.previous);
        this.services.report("info", `${target} has taken over from ${before.active}`, { readModel: this.name });
        return;
      }
      await pause(20, signal);
    }
  }

  /** A database that is away for a while is no reason to give the rebuild up. */
  private async trySwap(pointer: Pointer, target: string, builder: Consumer): Promise<boolean> {
    try {
      return await this.swap(pointer, target, builder);
    } catch (error) {
      this.services.report("warn", `the rebuild of ${this.name} could not take over yet`, { target, error });
      return false;
    }
  }

  /**
   * First the old collection's writer is shut out, provided that it is not ahead; then the pointer moves. So no reader
   * ever sees an older state than before. Cut off in between, the old one stands still until the switch is made again.
   * A transaction would be no better: one that a killed process leaves open locks both documents for a minute.
   */
  private async swap(pointer: Pointer, target: string, builder: Consumer): Promise<boolean> {
    const { context, name, version } = this.spec;
    const level = builder.position$.value;
    const checkpoints = new Checkpoints(this.stores).collection(context);
    const old = { _id: pointer.active };
    const fenced = await checkpoints.updateOne({ ...old, position: { $lte: level } }, { $inc: { token: 1_000_000 } });
    if (fenced.matchedCount === 0 && (await checkpoints.findOne(old))) return false;
    const moved = await this.pointers().updateOne(
      { _id: name, building: target },
      {
        $set: { active: target, version, previous: pointer.active },
        $unset: { building: true },
        $inc: { generation: 1 },
      },
    );
    return moved.matchedCount === 1;
  }

  private async discard(target: string): Promise<void> {
    const { context } = this.spec;
    await this.stores.database(context).dropCollection(target);
    await new Checkpoints(this.stores).drop(context, target);
  }

  private pointers() {
    return this.stores.collection<Pointer>(this.spec.context, "read_models");
  }
}
