import { type Subscription } from "rxjs";
import { type Balancer, ChangeWatcher, type LogTail, pause, type ReadModel, type ReadModelRunner, type ReadModels } from "../infra/runtime"; // prettier-ignore
import { type MongoStores } from "../infra/mongo";

/** How often it is looked at who writes what, in ms. */
const POLL = 500;

/**
 * Follows in the database the read models that other processes write. A context is watched only while there is one:
 * a change stream costs the database work for every document.
 */
export class Followers {
  private readonly watchers = new Map<string, ChangeWatcher>();
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private heads: Subscription | undefined;
  private shares: Subscription | undefined;
  private look: (() => void) | undefined;

  constructor(
    private readonly stores: MongoStores,
    private readonly models: ReadModels,
    private readonly runners: ReadonlyMap<string, ReadModelRunner>,
    private readonly tail: LogTail,
    /** The event types of each read model, by its full name. */
    private readonly types: ReadonlyMap<string, readonly string[]>,
    private readonly balancer: Pick<Balancer, "changes$">,
  ) {}

  /** Resolves once what is not worked on here at all is known as it is now. */
  async start(): Promise<void> {
    await this.adjust((model) => this.runners.has(key(model)));
    this.heads = this.tail.head$.subscribe(() => {
      for (const watcher of this.watchers.values()) watcher.headMoved();
    });
    // What is handed to another process is to be followed from then on.
    this.shares = this.balancer.changes$.subscribe(() => this.look?.());
    this.running = this.follow();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.heads?.unsubscribe();
    this.shares?.unsubscribe();
    this.look?.();
    await this.running;
    await Promise.all([...this.watchers.values()].map((watcher) => watcher.stop()));
  }

  private async follow(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const asked = new AbortController();
      this.look = () => asked.abort();
      await pause(POLL, asked.signal);
      // A database that is away is asked again after the next pause.
      if (!signal.aborted) await this.adjust((model) => this.isLed(model)).catch(() => undefined);
    }
  }

  private async adjust(isOurs: (model: ReadModel) => boolean): Promise<void> {
    const foreign = new Set(this.models.all().flatMap((model) => (isOurs(model) ? [] : [model.context])));
    const started = [...foreign].filter((context) => !this.watchers.has(context));
    const ended = [...this.watchers].filter(([context]) => !foreign.has(context));
    const outcomes = await Promise.allSettled([
      ...started.map(async (context) => {
        const models = this.models.all().filter((model) => model.context === context);
        const watcher = new ChangeWatcher(this.stores, context, models, this.isLed, this.reach);
        await watcher.start();
        this.watchers.set(context, watcher);
      }),
      ...ended.map(([context, watcher]) => {
        this.watchers.delete(context);
        return watcher.stop();
      }),
    ]);
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }

  private readonly reach = (model: ReadModel, checkpoint: bigint): bigint => {
    const types = this.types.get(key(model));
    return types ? this.tail.reach(types, checkpoint) : checkpoint;
  };

  private readonly isLed = (model: ReadModel, partition?: number): boolean =>
    this.runners.get(key(model))?.leads(partition) ?? false;
}

const key = ({ context, name }: ReadModel): string => `${context}.${name}`;
