import { type Deadline, type Recorded } from "../../domains/kernel";
import { type EventLog } from "../eventstore";
import { Checkpoint, Fenced, type MongoStores } from "../mongo";
import { type CommandHandler } from "./command-handler";
import { type Handler } from "./handler";
import { PoisonEvent } from "./poison-event";
import { DeferredWrite } from "./deferred-write";
import { Outdated } from "./outdated";
import { ParkedProcesses, type ParkedProcess } from "./parked-processes";
import { type AnyProcess, type Dispatch, ProcessRunner } from "./process-runner";
import { causeOf, eventsOf, type Input, isPassing, type Step } from "./process-step";
import { ProcessTimers, type TimerDocument } from "./process-timers";
import { Skips } from "./skips";
import { Tenure } from "./tenure";

/** How often due timers are looked for, in ms. */
const TIMER_POLL = 250;
/** Time between two writes of timers and place, in ms. */
const PERSIST_GAP = 100;

export interface ProcessServices {
  readonly handler: CommandHandler;
  readonly dispatch: Dispatch;
  readonly stores: MongoStores;
  readonly log: EventLog;
  /** Whether the worker's lease can still be its own. */
  holds(): boolean;
  report(message: string, details: object): void;
}

/**
 * Runs a process manager: feeds events to its processes, sends the commands they want, and wakes them at their
 * deadlines. Timers and checkpoint are kept in one transaction under the fence of the lease, a moment later where much
 * happens: a crash before it repeats the step, and commands sent twice carry the same ids.
 *
 * A process that fails is set aside with the events that wait for it, until an operator has it tried again or gives it
 * up; the others go on.
 */
export class ProcessWorker implements Handler {
  readonly types: readonly string[];
  private readonly place: Checkpoint;
  private readonly runner: ProcessRunner;
  private readonly timers: ProcessTimers;
  private readonly parked: ParkedProcesses;
  private readonly persisting = new DeferredWrite(() => this.persist(), PERSIST_GAP);
  private readonly tenure = new Tenure(() => this.tick(), TIMER_POLL);
  /** Handled up to here. */
  private position = -1n;
  private skips = Skips.none;
  /** Processes that are just being woken. */
  private readonly waking = new Set<string>();
  /** Processes set aside that are just being tried again. */
  private readonly retrying = new Set<string>();

  constructor(
    private readonly process: AnyProcess,
    private readonly services: ProcessServices,
  ) {
    const { handler, dispatch, stores } = services;
    const { context, name } = process;
    this.types = process.events;
    this.runner = new ProcessRunner(process, handler, dispatch);
    this.parked = new ParkedProcesses(stores, context, name);
    this.timers = new ProcessTimers(stores, context, name);
    this.place = new Checkpoint(stores, context, name);
  }

  async claim(token: number, interrupt: (error: unknown) => void): Promise<bigint> {
    const { handler, stores } = this.services;
    this.tenure.turn();
    this.persisting.drop();
    await this.timers.claim();
    const position = await this.place.claim(token);
    await this.parked.load();
    this.skips = await Skips.load(stores, this.process.context, this.process.name);
    this.position = position;
    this.runner.claimedAt = await handler.endPosition();
    this.tenure.start(interrupt);
    return position;
  }

  async release(): Promise<void> {
    await this.tenure.stop();
    await this.persisting.flush().catch(() => undefined); // what is not written is found out again
    this.tenure.turn();
    await this.place.release();
  }

  async handle(sealed: readonly Recorded[], upTo: bigint): Promise<void> {
    const events = await this.services.log.codec.openAll(sealed);
    const steps = new Map<string, { inputs: Input[]; first: Recorded }>();
    for (const event of events) {
      if (this.skips.event(event)) continue;
      let id: string | undefined;
      try {
        id = this.process.processId(event);
      } catch (cause) {
        throw new PoisonEvent(event, cause);
      }
      if (id === undefined) continue;
      const step = steps.get(id);
      if (step) step.inputs.push({ kind: "event", event });
      else steps.set(id, { inputs: [{ kind: "event", event }], first: event });
    }
    await Promise.all(
      [...steps].map(async ([processId, { inputs, first }]) => {
        if (this.parked.has(processId)) return this.parked.add(processId, eventsOf(inputs));
        const { correlationId, traceparent } = first.metadata;
        await this.advanceOrSetAside({ processId, inputs, correlationId, causationId: first.id, traceparent });
      }),
    );
    this.position = upTo;
    await this.persisting.request();
  }

  async checkpoint(position: bigint): Promise<void> {
    await this.persisting.flush();
    await this.place.advance(position);
  }

  /** Runs one process to rest, and notes what it then waits for. */
  private advance(step: Step): Promise<void> {
    const { current } = this.tenure;
    return this.runner.advance(step, {
      begins: (processId) => {
        if (current === this.tenure.current) this.timers.begins(processId);
      },
      rests: (processId, deadline) => {
        if (current === this.tenure.current) this.timers.set(processId, deadline, step.correlationId);
      },
    });
  }

  /** Others go on without one that fails. @throws what passes by itself */
  private async advanceOrSetAside(step: Step): Promise<void> {
    const { current } = this.tenure;
    try {
      await this.advance(step);
    } catch (error) {
      if (isPassing(error)) throw error;
      if (current === this.tenure.current) this.setAside(step, error);
    }
  }

  private setAside({ processId, inputs, correlationId }: Step, error: unknown): void {
    const cause = causeOf(error);
    this.parked.failed(processId, correlationId, eventsOf(inputs), cause);
    const { name, category } = this.process;
    const message = `${category}-${processId} cannot go on and is set aside: ${cause.message}`;
    this.services.report(message, { process: name, error });
  }

  /** Timers and place, together; what is handled again after a crash leads to the same. */
  private async persist(): Promise<void> {
    const { position } = this;
    const timers = this.timers.changes;
    const parked = this.parked.changes;
    if (timers.writes.length === 0 && parked.length === 0) await this.place.advance(position);
    else
      await this.place.commit(position, async (session) => {
        await this.timers.write(timers, session);
        await this.parked.write(parked, session);
      });
    // Forgotten only now, so that a write that failed is made good by the next.
    this.parked.written(parked);
    this.timers.written(timers);
  }

  /**
   * Wakes those whose moment has come, and does what operators have asked for.
   * @throws as for a batch: who takes the work on again, here or elsewhere, finds out what is to be done
   */
  private async tick(): Promise<void> {
    // Where nothing more comes, nobody else would hear that the last write failed.
    this.persisting.raise();
    if (!this.services.holds()) throw new Fenced(this.process.name);
    await Promise.all([this.heed(), this.wakeDue()]);
  }

  private async wakeDue(): Promise<void> {
    const due = await this.timers
      .due([...this.parked.ids(), ...this.waking]) // asked again the next time where the database is away
      .catch((): readonly TimerDocument[] => []);
    await Promise.all(due.map((each) => this.wake(each)));
  }

  /** @throws when what became of it cannot be written, or newer code is needed */
  private async wake({ processId, correlationId, name, at }: TimerDocument): Promise<void> {
    if (this.waking.has(processId)) return;
    const deadline: Deadline = { name, at: at.toISOString() };
    this.waking.add(processId);
    try {
      // How far the process is, the timer does not know: its stream is looked at.
      const inputs: Input[] = [{ kind: "deadline", deadline }];
      await this.advanceOrSetAside({ processId, inputs, correlationId, causationId: processId, again: true });
    } catch (error) {
      Outdated.rethrow(error);
      const message = `a deadline of ${this.process.name} could not be handled and is tried again`;
      return this.services.report(message, { processId, error });
    } finally {
      this.waking.delete(processId);
    }
    await this.persisting.request();
  }

  /** Does what operators have asked for. @throws when what became of it cannot be written */
  private async heed(): Promise<void> {
    if (this.parked.size === 0) return;
    const asked = await this.parked.asked().catch(() => undefined); // asked again the next time
    if (!asked) return;
    for (const id of asked.ended) this.timers.set(id, undefined, "");
    if (asked.ended.length > 0) await this.persisting.request();
    await Promise.all(asked.retry.map((parked) => this.retryParked(parked)));
  }

  /**
   * Brings the events that wait to the process; events that come meanwhile are waited for as well.
   * @throws when newer code is needed
   */
  private async retryParked({ processId, correlationId }: ParkedProcess): Promise<void> {
    if (this.retrying.has(processId)) return;
    const { current } = this.tenure;
    this.retrying.add(processId);
    let step: Step = { processId, inputs: [], correlationId, causationId: processId, again: true };
    try {
      for (let done = 0; current === this.tenure.current;) {
        const waiting = this.parked.waiting(processId);
        if (waiting.length === done) {
          this.parked.release(processId);
          break;
        }
        const inputs: Input[] = [];
        for (const { stream, revision } of waiting.slice(done))
          for await (const event of this.services.log.readStream(stream, revision, 1))
            inputs.push({ kind: "event", event });
        done = waiting.length;
        step = { ...step, inputs, causationId: eventsOf(inputs)[0]?.id ?? processId };
        await this.advance(step);
      }
    } catch (error) {
      Outdated.rethrow(error);
      if (!isPassing(error) && current === this.tenure.current) this.setAside(step, error);
    } finally {
      this.retrying.delete(processId);
    }
    await this.persisting.request();
  }
}
