import { type AnyBulkWriteOperation, type ClientSession } from "mongodb";
import { type Deadline } from "../../domains/kernel";
import { type MongoStores } from "../mongo";

/** A moment at which a process is to be woken. */
export interface TimerDocument {
  readonly _id: string;
  readonly process: string;
  readonly processId: string;
  readonly name: string;
  readonly at: Date;
  readonly correlationId: string;
}

interface Wait {
  readonly deadline: Deadline | undefined;
  readonly correlationId: string;
}

/** What has become of timers since the last write. */
export interface TimerChanges {
  readonly waits: readonly (readonly [processId: string, wait: Wait])[];
  readonly writes: readonly AnyBulkWriteOperation<TimerDocument>[];
}

const REMEMBERED_TIMERLESS = 50_000;
/** Due timers that are taken at once. */
const AT_ONCE = 200;

/**
 * The timers of one process manager. Each says what its process waited for when the worker's place was written last: it
 * wakes the process, which knows itself what it waits for. They are written with the place alone, under its fence.
 */
export class ProcessTimers {
  private readonly waits = new Map<string, Wait>();
  /** Processes that are known to have no timer. */
  private readonly timerless = new Set<string>();

  constructor(
    private readonly stores: MongoStores,
    private readonly context: string,
    private readonly process: string,
  ) {}

  /** Forgets what is not written. */
  async claim(): Promise<void> {
    this.waits.clear();
    this.timerless.clear();
    await this.timers().createIndex({ process: 1, at: 1 });
  }

  /** A process that begins has no timer yet. */
  begins(processId: string): void {
    if (this.timerless.size >= REMEMBERED_TIMERLESS) this.timerless.clear();
    this.timerless.add(processId);
  }

  /** What a process waits for from now on. */
  set(processId: string, deadline: Deadline | undefined, correlationId: string): void {
    this.waits.set(processId, { deadline, correlationId });
  }

  /** Timers whose moment has come, but for these processes, and for those whose timers are about to be written. */
  async due(except: readonly string[]): Promise<readonly TimerDocument[]> {
    const passedOver = [...except, ...this.waits.keys()];
    const due = await this.timers()
      .find({
        process: this.process,
        at: { $lte: new Date() },
        ...(passedOver.length > 0 && { processId: { $nin: passedOver } }),
      })
      .limit(AT_ONCE)
      .toArray();
    for (const { processId } of due) this.timerless.delete(processId);
    return due;
  }

  /** What is to be written with the next position; `written` when it is. */
  get changes(): TimerChanges {
    const waits = [...this.waits];
    const writes = waits.flatMap(([processId, { deadline, correlationId }]): TimerChanges["writes"] => {
      const filter = { _id: `${this.process}:${processId}` };
      if (!deadline) return this.timerless.has(processId) ? [] : [{ deleteOne: { filter } }];
      this.timerless.delete(processId);
      return [{ replaceOne: { filter, replacement: this.timer(processId, deadline, correlationId), upsert: true } }];
    });
    return { waits, writes };
  }

  async write({ writes }: TimerChanges, session: ClientSession): Promise<void> {
    if (writes.length > 0) await this.timers().bulkWrite([...writes], { session, ordered: false });
  }

  written({ waits }: TimerChanges): void {
    for (const [processId, wait] of waits) if (this.waits.get(processId) === wait) this.waits.delete(processId);
  }

  private timer(processId: string, { name, at }: Deadline, correlationId: string): TimerDocument {
    const { process } = this;
    return { _id: `${process}:${processId}`, process, processId, name, at: new Date(at), correlationId };
  }

  private timers() {
    return this.stores.collection<TimerDocument>(this.context, "timers");
  }
}
