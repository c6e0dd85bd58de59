import { type ChangeStream } from "mongodb";
import { type MongoStores } from "../mongo";
import { type ReadModel } from "./read-model";
import { backoff, pause } from "./retry";

/**
 * Tells read models what workers in other processes do to them, from the database's change stream: the documents that
 * changed, how far the checkpoint has moved, and which collection serves. A checkpoint is committed together with its
 * documents, so its change is only seen once they can be read.
 */
export class ChangeWatcher {
  private readonly checkpoints = new Map<ReadModel, bigint>();
  private readonly stopping = new AbortController();
  private stream: ChangeStream | undefined;
  private running: Promise<void> | undefined;

  constructor(
    private readonly stores: MongoStores,
    private readonly context: string,
    private readonly models: readonly ReadModel[],
    /** Whether this process itself writes the read model, and so knows it first hand. */
    private readonly isLed: (model: ReadModel) => boolean,
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
    for (const [model, checkpoint] of this.checkpoints)
      if (!this.isLed(model)) model.moved(this.reach(model, checkpoint));
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.stream?.close().catch(() => undefined);
    await this.running;
  }

  private async follow(): Promise<void> {
    const { signal } = this.stopping;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        this.stream = this.stores.database(this.context).watch([], { maxAwaitTimeMS: 1_000 });
        await this.refresh();
        for await (const change of this.stream) {
          attempt = 0;
          if (!("ns" in change) || !("coll" in change.ns) || !("documentKey" in change)) continue;
          await this.noted(change.ns.coll, String(change.documentKey._id));
        }
      } catch {
        // Reconnects below; refresh() makes up for what was missed.
      }
      await pause(backoff(attempt), signal);
    }
  }

  private async noted(collection: string, id: string): Promise<void> {
    if (collection === "checkpoints" || collection === "read_models") return this.refresh();
    for (const model of this.models)
      if (model.ready && model.collection.collectionName === collection && !this.isLed(model))
        model.changed([id], model.position);
  }

  private async refresh(): Promise<void> {
    const pointers = await this.stores
      .collection<{ _id: string; active: string }>(this.context, "read_models")
      .find()
      .toArray();
    const checkpoints = await this.stores
      .collection<{ _id: string; position: bigint }>(this.context, "checkpoints")
      .find()
      .toArray();
    for (const model of this.models) {
      if (this.isLed(model)) continue;
      const active = pointers.find(({ _id }) => _id === model.name)?.active;
      if (!active) continue;
      if (!model.ready || model.collection.collectionName !== active) model.serve(active);
      const found = checkpoints.find(({ _id }) => _id === active)?.position;
      if (found === undefined) continue;
      const checkpoint = BigInt(found);
      const position = this.reach(model, checkpoint);
      if (checkpoint > (this.checkpoints.get(model) ?? -1n)) model.changed(undefined, position);
      this.checkpoints.set(model, checkpoint);
      model.moved(position);
    }
  }
}
