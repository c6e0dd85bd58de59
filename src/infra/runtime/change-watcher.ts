import { type ChangeStream, type Timestamp } from "mongodb";
import { layoutOf, type MongoStores, readModelPointers } from "../mongo";
import { partitionNames, partitionOf } from "./partitions";
import { type ReadModel } from "./read-model";
import { backoff, pause } from "./retry";

/** What is wanted of a change: not the whole document. */
const WANTED = [
  {
    $project: {
      operationType: 1,
      ns: 1,
      documentKey: 1,
      "updateDescription.updatedFields.position": 1,
      "fullDocument.position": 1,
    },
  },
];

interface Followed {
  readonly model: ReadModel;
  readonly partition: number;
  /** The collection that it is a partition of, and into how many that is divided. */
  readonly target: string;
  readonly count: number;
}

/** More documents of a read model than this are taken to be all of them. */
const MANY = 5_000;

/**
 * Tells read models what workers in other processes do to them, from the database's change stream: the documents that
 * changed, how far the checkpoints have moved, and which collection serves. A checkpoint is written last in the
 * transaction of its documents, so that its change is seen when theirs have been.
 */
export class ChangeWatcher {
  /** Positions of checkpoints, by their names. */
  private readonly checkpoints = new Map<string, bigint>();
  /** What the checkpoints are of, by their names. */
  private followed: ReadonlyMap<string, Followed> = new Map();
  /** Documents that changed in the transaction that is being told. */
  private readonly touched = new Map<ReadModel, string[]>();
  private readonly stopping = new AbortController();
  private stream: ChangeStream | undefined;
  private running: Promise<void> | undefined;
  private refreshed = Promise.resolve();
  private isLooking = false;

  constructor(
    private readonly stores: MongoStores,
    private readonly context: string,
    private readonly models: readonly ReadModel[],
    /** Whether this process itself writes the read model, or the partition of it, and so knows it first hand. */
    private readonly isLed: (model: ReadModel, partition?: number) => boolean,
    /** How far a read model reflects the log when its checkpoint is this one. */
    private readonly reach: (model: ReadModel, checkpoint: bigint) => bigint,
  ) {}

  /** Resolves once the present state is known; from then on changes are followed. */
  async start(): Promise<void> {
    await this.refresh();
    this.running = this.follow();
  }

  /** The log has moved on: read models for which it holds nothing new have moved on with it. */
  headMoved(): void {
    for (const [name, followed] of this.followed) {
      const checkpoint = this.checkpoints.get(name);
      if (checkpoint !== undefined) this.moved(followed, checkpoint);
    }
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.stream?.close().catch(() => undefined);
    await this.running;
    await this.refreshed;
  }

  private async follow(): Promise<void> {
    const { signal } = this.stopping;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        const database = this.stores.database(this.context);
        // From now on nothing is missed, however long it takes to read how things are.
        const { operationTime } = (await database.command({ ping: 1 })) as { operationTime?: Timestamp };
        if (signal.aborted) return; // there would be nobody to close the stream
        const from = operationTime && { startAtOperationTime: operationTime };
        this.stream = database.watch(WANTED, { maxAwaitTimeMS: 1_000, ...from });
        await this.refresh();
        for await (const change of this.stream) {
          attempt = 0;
          if (!("ns" in change) || !("coll" in change.ns) || !("documentKey" in change)) continue;
          await this.noted(change.ns.coll, String(change.documentKey._id), change as Positioned);
        }
      } catch {
        // Reconnects below; refresh() makes up for what was missed.
      }
      await pause(backoff(attempt), signal);
    }
  }

  private async noted(collection: string, id: string, change: Positioned): Promise<void> {
    if (collection === "read_models") return this.refresh();
    if (collection === "checkpoints") return this.checkpointMoved(id, change);
    for (const model of this.models) {
      if (!model.ready || model.collection.collectionName !== collection) continue;
      if (this.isLed(model, partitionOf(id, model.partitions))) continue;
      const ids = this.touched.get(model);
      if (ids) ids.push(id);
      else this.touched.set(model, [id]);
    }
  }

  private checkpointMoved(name: string, change: Positioned): void {
    const position = change.updateDescription?.updatedFields?.position ?? change.fullDocument?.position;
    const followed = this.followed.get(name);
    if (position === undefined || !followed) return;
    const checkpoint = BigInt(position);
    this.checkpoints.set(name, checkpoint);
    this.tellTouched(followed.model);
    this.moved(followed, checkpoint);
  }

  private tellTouched(model: ReadModel): void {
    const ids = this.touched.get(model);
    if (!ids) return;
    this.touched.delete(model);
    model.changed(ids.length > MANY ? undefined : ids, model.position);
  }

  private moved({ model, partition, target, count }: Followed, checkpoint: bigint): void {
    if (this.isLed(model, partition)) return;
    if (serves(model, target, count)) model.moved(this.reach(model, checkpoint), partition);
    // A new collection may have taken over while this process still thought that it writes the old one. Which of the two
    // is the new one only the pointer says.
    else if (!this.isLed(model)) this.lookAgain();
  }

  private lookAgain(): void {
    if (this.isLooking) return;
    this.isLooking = true;
    void this.refresh()
      .catch(() => undefined) // the next change looks again
      .finally(() => (this.isLooking = false));
  }

  /** One after another: what was read later must not be overwritten by what was read before. */
  private refresh(): Promise<void> {
    const refreshed = this.refreshed.then(() => this.readPointers());
    this.refreshed = refreshed.catch(() => undefined);
    return refreshed;
  }

  private async readPointers(): Promise<void> {
    const pointers = await readModelPointers(this.stores, this.context).find().toArray();
    const checkpoints = await this.stores
      .collection<{ _id: string; position: bigint }>(this.context, "checkpoints")
      .find()
      .toArray();
    const positions = new Map(checkpoints.map(({ _id, position }) => [_id, BigInt(position)]));
    const followed = new Map<string, Followed>();
    for (const model of this.models) {
      const pointer = pointers.find(({ _id }) => _id === model.name);
      if (!pointer) continue;
      const layout = layoutOf(pointer, pointer.active);
      // Who works on a part of it learns from its runner what serves.
      if (!serves(model, pointer.active, layout.count) && !this.isLed(model)) model.serve(pointer.active, layout.count);
      let isOlder = false;
      for (const [partition, name] of partitionNames(pointer.active, layout).entries()) {
        followed.set(name, { model, partition, target: pointer.active, count: layout.count });
        const position = positions.get(name);
        if (position === undefined || this.isLed(model, partition)) continue;
        if (position > (this.checkpoints.get(name) ?? -1n)) isOlder = true;
        this.checkpoints.set(name, position);
      }
      // What was missed may be any document.
      if (isOlder) model.changed(undefined, model.position);
    }
    this.followed = followed;
    this.touched.clear();
    this.headMoved();
  }
}

const serves = (model: ReadModel, target: string, count: number): boolean =>
  model.ready && model.collection.collectionName === target && model.partitions === count;

interface Positioned {
  readonly updateDescription?: { readonly updatedFields?: { readonly position?: bigint | number } };
  readonly fullDocument?: { readonly position?: bigint | number };
}
