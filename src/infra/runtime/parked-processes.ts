import { type AnyBulkWriteOperation, type ClientSession, type Collection } from "mongodb";
import { type Recorded } from "../../domains/kernel";
import { type MongoStores } from "../mongo";

/** An event that waits for its process, by its place: what it says stays in the log alone. */
export interface WaitingEvent {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly position: bigint;
}

/** Why a process cannot go on. */
export interface StuckCause {
  readonly message: string;
  /** The event that it fails at, where it is one. */
  readonly event: WaitingEvent | null;
  /** The command that it wanted, where that failed. */
  readonly command: { readonly type: string; readonly stream: string } | null;
}

/** What an operator has asked for. */
export interface OperatorCommand {
  readonly by: string;
  readonly at: Date;
  readonly reason: string | null;
}

/**
 * A process that is set aside, so that others go on: its events wait here until an operator has it tried again
 * (`retrying`), or gives it up (`ended`): then it hears nothing any more.
 */
export interface ParkedProcess {
  /** `<process>:<id>` */
  readonly _id: string;
  readonly process: string;
  readonly processId: string;
  readonly state: "stuck" | "retrying" | "ended";
  readonly correlationId: string;
  readonly events: readonly WaitingEvent[];
  readonly cause: StuckCause;
  readonly failures: number;
  readonly since: Date;
  readonly lastFailure: Date;
  /** When it is tried again by itself, where its cause may pass so. */
  readonly triedAgainAt?: Date | null;
  readonly asked: OperatorCommand | null;
}

export const parkedProcesses = (stores: MongoStores, context: string): Collection<ParkedProcess> =>
  stores.collection<ParkedProcess>(context, "parked_processes");

interface Parked {
  readonly events: WaitingEvent[];
  readonly ended: boolean;
  /** So often, written or not: what is read with fewer is of before. */
  failures: number;
}

type Write = AnyBulkWriteOperation<ParkedProcess>;

/** The processes that one worker has set aside. What changes is written together with the worker's place. */
export class ParkedProcesses {
  private readonly parked = new Map<string, Parked>();
  private pending: Write[] = [];
  private readonly documents: Collection<ParkedProcess>;

  constructor(
    stores: MongoStores,
    context: string,
    private readonly process: string,
  ) {
    this.documents = parkedProcesses(stores, context);
  }

  /** Forgets all, and reads what is written. */
  async load(): Promise<void> {
    this.pending = [];
    this.parked.clear();
    for await (const { processId, events, state, failures } of this.documents.find({ process: this.process }))
      this.parked.set(processId, { events: [...events], ended: state === "ended", failures });
  }

  get size(): number {
    return this.parked.size;
  }

  has(processId: string): boolean {
    return this.parked.has(processId);
  }

  ids(): string[] {
    return [...this.parked.keys()];
  }

  waiting(processId: string): readonly WaitingEvent[] {
    return this.parked.get(processId)?.events ?? [];
  }

  /** Sets a process aside, or notes that it has failed again. */
  failed(
    processId: string,
    correlationId: string,
    events: readonly Recorded[],
    cause: StuckCause,
    triedAgainAt: Date | null = null,
  ): void {
    const now = new Date();
    const parked = this.parked.get(processId) ?? { events: [], ended: false, failures: 0 };
    parked.failures++;
    this.parked.set(processId, parked);
    this.pending.push({
      updateOne: {
        filter: this.filter(processId),
        update: {
          $setOnInsert: { process: this.process, processId, correlationId, events: [], since: now, asked: null },
          $set: { state: "stuck", cause, lastFailure: now, triedAgainAt },
          $inc: { failures: 1 },
        },
        upsert: true,
      },
    });
    this.add(processId, events);
  }

  /** More events for a process that is set aside; those that wait already are passed over. */
  add(processId: string, events: readonly Recorded[]): void {
    const parked = this.parked.get(processId);
    if (!parked || parked.ended) return;
    const more = events.filter(({ id }) => parked.events.every((known) => known.id !== id)).map(placeOf);
    if (more.length === 0) return;
    parked.events.push(...more);
    this.pending.push({
      updateOne: { filter: this.filter(processId), update: { $push: { events: { $each: more } } } },
    } as Write);
  }

  /** The process goes on with the others. */
  release(processId: string): void {
    this.parked.delete(processId);
    this.pending.push({ deleteOne: { filter: this.filter(processId) } });
  }

  /** What operators have asked for since, or time has come for: processes to be tried again, and those given up just now. */
  async asked(): Promise<{ readonly retry: readonly ParkedProcess[]; readonly ended: readonly string[] }> {
    if (this.parked.size === 0) return { retry: [], ended: [] };
    const found = await this.documents
      .find({ process: this.process, $or: [{ state: { $ne: "stuck" } }, { triedAgainAt: { $lte: new Date() } }] })
      .toArray();
    const ended: string[] = [];
    for (const { processId, state } of found) {
      const parked = this.parked.get(processId);
      if (state !== "ended" || !parked || parked.ended) continue;
      this.parked.set(processId, { ...parked, ended: true });
      ended.push(processId);
    }
    return {
      retry: found.filter(
        (each) => each.state !== "ended" && each.failures >= (this.parked.get(each.processId)?.failures ?? Infinity),
      ),
      ended,
    };
  }

  /** What is to be written with the next position; `written` when it is. */
  get changes(): readonly Write[] {
    return [...this.pending];
  }

  async write(changes: readonly Write[], session: ClientSession): Promise<void> {
    if (changes.length > 0) await this.documents.bulkWrite([...changes], { session, ordered: true });
  }

  written(changes: readonly Write[]): void {
    this.pending = this.pending.slice(changes.length);
  }

  private filter(processId: string) {
    return { _id: `${this.process}:${processId}` };
  }
}

export const placeOf = ({ id, stream, revision, type, position }: Recorded): WaitingEvent => ({
  id,
  stream,
  revision,
  type,
  position,
});
