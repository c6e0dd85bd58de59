import { type ProcessManager } from "../../domains/kernel";
import { leaseView, type MongoStores } from "../mongo";
import { failureDocuments } from "./failures";
import { type OperatorCommand, type ParkedProcess, parkedProcesses, type StuckCause } from "./parked-processes";
import { type TimerDocument } from "./process-timers";

/** One process as an operator sees it; or a stream that a reaction cannot go on with. */
export interface ProcessState {
  readonly process: string;
  readonly context: string;
  readonly id: string;
  /** Its own stream, with all that it has done; a reaction's: the one that it reacts to. */
  readonly stream: string;
  /**
   * `waiting` for a moment; `overdue`: that has passed, and nobody has woken it; `stuck`: it cannot go on; `retrying`:
   * an operator has asked to try again; `ended`: an operator has given it up.
   */
  readonly state: "waiting" | "overdue" | ParkedProcess["state"];
  readonly correlationId: string;
  /** When it was found to be stuck. */
  readonly since: Date | null;
  readonly failures: number;
  readonly cause: StuckCause | null;
  /** Events that wait for it. */
  readonly waiting: number;
  readonly deadline: { readonly name: string; readonly at: Date } | null;
  /** When it is tried again by itself. */
  readonly triedAgainAt: Date | null;
  readonly asked: OperatorCommand | null;
}

export interface ProcessQuery {
  readonly process?: string | undefined;
  /** `stuck` has those that are overdue or being retried as well. */
  readonly state: "stuck" | "running" | "ended";
  /** A deadline may have passed for so many ms before the process counts as overdue. */
  readonly grace: number;
  readonly limit: number;
}

/** Figures of one kind of process. */
export interface ProcessCounts {
  readonly context: string;
  readonly name: string;
  readonly stuck: number;
  readonly due: number;
}

/** A process manager; or a reaction, which has no streams of its own. */
type AnyProcess = Pick<ProcessManager<never, never, never>, "name" | "context"> & { readonly category?: string };

/** What operators see of processes, and what they can ask for; whichever worker has them will do it. */
export class ProcessDesk {
  constructor(
    private readonly stores: MongoStores,
    private readonly processes: readonly AnyProcess[],
  ) {}

  /** Names of all processes. */
  get names(): readonly string[] {
    return this.processes.map(({ name }) => name);
  }

  /** The longest stuck, and the first to be woken, first. */
  async list({ process, state, grace, limit }: ProcessQuery): Promise<readonly ProcessState[]> {
    const wanted = this.processes.filter(({ name }) => process === undefined || process === name);
    const found = await Promise.all(
      wanted.map(async (each): Promise<readonly ProcessState[]> => {
        if (state === "running") return this.timed(each, { $gte: new Date(Date.now() - grace) }, limit);
        const states: ParkedProcess["state"][] = state === "ended" ? ["ended"] : ["stuck", "retrying"];
        const parked = await parkedProcesses(this.stores, each.context)
          .find({ process: each.name, state: { $in: states } })
          .sort({ since: 1 })
          .limit(limit)
          .toArray();
        const stuck = parked.map((document) => stateOfParked(each, document));
        if (state === "ended") return stuck;
        const known = new Set(stuck.map(({ id }) => id));
        const late = await this.timed(each, { $lt: new Date(Date.now() - grace) }, limit + known.size);
        const overdue = late.filter(({ id }) => !known.has(id));
        const cause = overdue.length > 0 ? await this.hindrance(each) : null;
        return [...stuck, ...overdue.map((process) => ({ ...process, cause }))].slice(0, limit);
      }),
    );
    return found.flat().slice(0, limit);
  }

  /** How many processes of each kind are stuck, and how many timers are overdue by more than `grace` ms. */
  async counts(kinds: readonly string[], grace: number): Promise<readonly ProcessCounts[]> {
    const wanted = this.processes.filter(({ context, name }) => kinds.includes(`${context}.${name}`));
    return Promise.all(
      wanted.map(async (each) => {
        const { context, name } = each;
        const [stuck, due] = await Promise.all([
          parkedProcesses(this.stores, context).countDocuments({ process: name, state: "stuck" }, { maxTimeMS: 1_000 }),
          this.timers(each).countDocuments(
            { process: name, at: { $lt: new Date(Date.now() - grace) } },
            { maxTimeMS: 1_000 },
          ),
        ]);
        return { context, name, stuck, due };
      }),
    );
  }

  /** One process, if anything is known of it: those at rest have a stream and nothing else. */
  async get(process: string, id: string): Promise<ProcessState | undefined> {
    const each = this.processes.find(({ name }) => name === process);
    if (!each) return undefined;
    const _id = `${process}:${id}`;
    const parked = await parkedProcesses(this.stores, each.context).findOne({ _id });
    if (parked) return stateOfParked(each, parked);
    const timer = await this.timers(each).findOne({ _id });
    if (!timer) return undefined;
    const state = stateOfTimed(each, timer);
    return state.state === "overdue" ? { ...state, cause: await this.hindrance(each) } : state;
  }

  /** Has a stuck process tried again. @returns false when it is not stuck */
  retry(process: string, id: string, asked: OperatorCommand): Promise<boolean> {
    return this.ask(process, id, { state: "retrying", asked });
  }

  /** Gives a stuck process up: it hears nothing any more. @returns false when it is not stuck */
  end(process: string, id: string, asked: OperatorCommand): Promise<boolean> {
    return this.ask(process, id, { state: "ended", asked });
  }

  private async ask(process: string, id: string, change: Pick<ParkedProcess, "state" | "asked">): Promise<boolean> {
    const each = this.processes.find(({ name }) => name === process);
    if (!each) return false;
    const parked = parkedProcesses(this.stores, each.context);
    const result = await parked.updateOne({ _id: `${process}:${id}`, state: "stuck" }, { $set: change });
    return result.matchedCount === 1;
  }

  private async timed(each: AnyProcess, at: Record<string, Date>, limit: number): Promise<readonly ProcessState[]> {
    const timers = await this.timers(each).find({ process: each.name, at }).sort({ at: 1 }).limit(limit).toArray();
    return timers.map((timer) => stateOfTimed(each, timer));
  }

  /** Why nobody wakes its processes. */
  private async hindrance({ context, name }: AnyProcess): Promise<StuckCause> {
    const failure = await failureDocuments(this.stores, context).findOne({ _id: name });
    if (failure)
      return { message: `${context}.${name} stands still: ${failure.cause}`, event: failure.event, command: null };
    const holder = (await leaseView(this.stores, context)).held.find((lease) => lease.name === name);
    const message = holder
      ? `the worker of ${context}.${name} (process ${holder.pid} on ${holder.host}) is late, or a store does not answer it`
      : `no worker has ${context}.${name}: none runs, or those that do are older than what is in the log`;
    return { message, event: null, command: null };
  }

  private timers({ context }: AnyProcess) {
    return this.stores.collection<TimerDocument>(context, "timers");
  }
}

function stateOfParked({ name, category, context }: AnyProcess, parked: ParkedProcess): ProcessState {
  const { processId: id, state, correlationId, since, failures, cause, events, asked } = parked;
  return {
    process: name,
    context,
    id,
    stream: category === undefined ? id : `${category}-${id}`,
    state,
    correlationId,
    since,
    failures,
    cause,
    waiting: events.length,
    deadline: null,
    triedAgainAt: state === "stuck" ? (parked.triedAgainAt ?? null) : null,
    asked,
  };
}

function stateOfTimed({ name: process, category, context }: AnyProcess, timer: TimerDocument): ProcessState {
  const { processId: id, correlationId, name, at } = timer;
  return {
    process,
    context,
    id,
    stream: `${category}-${id}`,
    state: at.getTime() < Date.now() ? "overdue" : "waiting",
    correlationId,
    since: null,
    failures: 0,
    cause: null,
    waiting: 0,
    deadline: { name, at },
    triedAgainAt: null,
    asked: null,
  };
}
