import { type AnyBulkWriteOperation } from "mongodb";
import { type Aggregate, type Answer, type Deadline, type DomainEvent, type Intent, type ProcessManager, type Recorded } from "../../domains/kernel"; // prettier-ignore
import { type EventLog } from "../eventstore";
import { Checkpoint, type MongoStores } from "../mongo";
import { type CommandContext, type Outcome } from "./command";
import { type CommandHandler } from "./command-handler";
import { PoisonEvent, type Handler } from "./consumer";
import { beginSpan, isTracing, within } from "../observability/tracing";
import { DeferredWrite } from "./deferred-write";
import { Skips } from "./skips";
import { deriveId } from "./ids";
import { ParkedProcesses, type ParkedProcess } from "./parked-processes";
import {
  causeOf,
  CommandFailed,
  eventsOf,
  type Input,
  isPassing,
  Passing,
  ProcessMoved,
  type Step,
} from "./process-step";
import { timer, type TimerDocument } from "./process-timer";

/** Sends a command to the aggregate an intent names. */
export type Dispatch = (intent: Intent, context: CommandContext) => Promise<Outcome>;

/** How often due timers are looked for, in ms. */
const TIMER_POLL = 250;
/** Time between two writes of timers and place, in ms. */
const PERSIST_GAP = 100;
const REMEMBERED_TIMERLESS = 50_000;
/** Rounds of commands and answers after which a process is taken to run in circles. */
const MAX_ROUNDS = 1_000;

type AnyProcess = ProcessManager<unknown, DomainEvent, DomainEvent>;

/**
 * Runs a process manager: feeds events to its processes, sends the commands they want, and wakes them at their
 * deadlines. Timers and checkpoint are kept in one transaction, a moment later where much happens: a crash before it
 * repeats the step, and commands sent twice carry the same ids.
 *
 * A process that fails is set aside with the events that wait for it, until an operator has it tried again or gives it
 * up; the others go on.
 */
export class ProcessWorker implements Handler {
  readonly types: readonly string[];
  private readonly place: Checkpoint;
  private readonly aggregate: Aggregate<readonly DomainEvent[], DomainEvent, unknown>;
  private readonly busy = new Map<string, Promise<unknown>>();
  private ticking: NodeJS.Timeout | undefined;
  /** The log's end when this worker took over: events up to here may have been handled by the one before. */
  private claimedAt = 0n;
  /** Handled up to here. */
  private position = -1n;
  /** What has become of the processes since the last write. */
  private readonly deadlines = new Map<string, { deadline: Deadline | undefined; correlationId: string }>();
  /** Processes that are known to have no timer. */
  private readonly timerless = new Set<string>();
  private readonly parked: ParkedProcesses;
  private skips = Skips.none;
  /** Processes set aside that are just being tried again. */
  private readonly retrying = new Set<string>();
  private readonly persisting = new DeferredWrite(() => this.persist(), PERSIST_GAP);

  constructor(
    private readonly process: AnyProcess,
    private readonly handler: CommandHandler,
    private readonly dispatch: Dispatch,
    private readonly stores: MongoStores,
    private readonly log: EventLog,
    private readonly report: (message: string, details: object) => void,
  ) {
    this.types = process.events;
    this.parked = new ParkedProcesses(stores, process.context, process.name);
    this.place = new Checkpoint(stores, process.context, process.name);
    this.aggregate = {
      category: process.category,
      initialState: process.initialState,
      decide: (events) => events,
      evolve: (state, event) => process.evolve(state, event),
    };
  }

  async claim(token: number): Promise<bigint> {
    await this.timers().createIndex({ process: 1, at: 1 });
    this.persisting.drop();
    this.deadlines.clear();
    this.timerless.clear();
    const position = await this.place.claim(token);
    await this.parked.load();
    this.skips = await Skips.load(this.stores, this.process.context, this.process.name);
    this.position = position;
    this.claimedAt = await this.handler.endPosition();
    clearInterval(this.ticking);
    this.ticking = setInterval(() => void this.tick(), TIMER_POLL);
    return position;
  }

  async release(): Promise<void> {
    clearInterval(this.ticking);
    await this.persisting.flush().catch(() => undefined); // what is not written is found out again
    await this.place.release();
  }

  async handle(sealed: readonly Recorded[], upTo: bigint): Promise<void> {
    const events = await this.log.codec.openAll(sealed);
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
        const { correlationId } = first.metadata;
        const { traceparent } = first.metadata;
        const step = { processId, inputs, correlationId, causationId: first.id, traceparent };
        try {
          const deadline = await this.advance(step);
          this.deadlines.set(processId, { deadline, correlationId });
        } catch (error) {
          this.setAside(step, error);
        }
      }),
    );
    this.position = upTo;
    await this.persisting.request();
  }

  async checkpoint(position: bigint): Promise<void> {
    await this.persisting.flush();
    await this.place.advance(position);
  }

  /** Runs one process to rest, after whatever it is busy with. */
  private advance(step: Step): Promise<Deadline | undefined> {
    const before = this.busy.get(step.processId) ?? Promise.resolve();
    const run = before.catch(() => undefined).then(() => this.run(step));
    this.busy.set(step.processId, run);
    const clear = () => {
      if (this.busy.get(step.processId) === run) this.busy.delete(step.processId);
    };
    run.then(clear, clear);
    return run;
  }

  private run(step: Step): Promise<Deadline | undefined> {
    if (!isTracing()) return this.repeatedly(step);
    const span = beginSpan(`process ${this.process.name}`, "consumer", step.traceparent);
    return within(span, () => this.repeatedly({ ...step, traceparent: span?.traceparent }));
  }

  private async repeatedly(step: Step): Promise<Deadline | undefined> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.runOnce(step, attempt > 0 || step.again === true);
      } catch (error) {
        if (!(error instanceof ProcessMoved) || attempt >= 5) throw error;
      }
    }
  }

  private async runOnce(step: Step, again: boolean): Promise<Deadline | undefined> {
    const { process } = this;
    const [first] = step.inputs;
    // Should what is kept be behind, the record of this step is refused, and the step repeated on what is there.
    const kept = again ? undefined : this.handler.kept(this.aggregate, step.processId);
    const begins = !again && first?.kind === "event" && this.isBeginning(first.event);
    if (begins) this.noTimerYet(step.processId);
    const loaded =
      kept ??
      (begins
        ? { state: process.initialState, revision: -1, person: undefined }
        : await this.handler.load(this.aggregate, step.processId));
    let state = loaded.state;
    const person = loaded.person ?? personOf(step);
    const recorded: DomainEvent[] = [];
    const record = (events: readonly DomainEvent[]) => {
      for (const event of events) {
        recorded.push(event);
        state = process.evolve(state, event);
      }
    };
    for (const input of step.inputs) {
      try {
        if (input.kind === "event") record(process.react(input.event, state));
        else record(process.expired(input.deadline, new Date().toISOString(), state));
      } catch (cause) {
        throw input.kind === "event" ? new PoisonEvent(input.event, cause) : cause;
      }
    }
    for (let round = 0; ; round++) {
      const intents = process.wants(state);
      if (intents.length === 0) break;
      if (round >= MAX_ROUNDS) throw new Error(`process ${process.category}-${step.processId} runs in circles`);
      const answers = await Promise.all(intents.map((intent) => this.send(intent, step, person)));
      const at = new Date().toISOString();
      for (const [index, intent] of intents.entries()) {
        const answer = answers[index];
        if (answer) record(process.answered(intent, answer, at, state));
      }
    }
    if (recorded.length > 0) await this.record(step, recorded, loaded.revision, person);
    return process.deadline(state);
  }

  /** Whether the event begins a process, and nobody can have handled it before. */
  private isBeginning({ type, position }: Recorded): boolean {
    return position > this.claimedAt && (this.process.starts?.includes(type) ?? false);
  }

  private noTimerYet(processId: string): void {
    if (this.timerless.size >= REMEMBERED_TIMERLESS) this.timerless.clear();
    this.timerless.add(processId);
  }

  private async send(intent: Intent, step: Step, person: string | undefined): Promise<Answer> {
    const context = {
      commandId: processCommandId(this.process.category, step.processId, intent),
      correlationId: step.correlationId,
      causationId: step.causationId,
      ...(step.traceparent !== undefined && { traceparent: step.traceparent }),
      actor: `process:${this.process.name}`,
      person,
      ...(intent.creates && { assumeNew: true }),
    };
    let outcome: Outcome;
    try {
      outcome = await this.dispatch(intent, context);
    } catch (error) {
      throw isPassing(error) ? error : new CommandFailed(intent, error);
    }
    if (outcome.accepted) return { accepted: true };
    // Losing races is no answer to the question asked: the step is repeated, and the command with it.
    if (outcome.error.code === "contention") throw new Passing(outcome.error.message);
    return { accepted: false, error: outcome.error };
  }

  private async record(
    step: Step,
    events: readonly DomainEvent[],
    revision: number,
    person: string | undefined,
  ): Promise<void> {
    const outcome = await this.handler.execute(this.aggregate, step.processId, events, {
      commandId: deriveId("process", this.process.category, step.processId, "step", revision + 1),
      correlationId: step.correlationId,
      causationId: step.causationId,
      ...(step.traceparent !== undefined && { traceparent: step.traceparent }),
      actor: `process:${this.process.name}`,
      person,
      expectedRevision: revision,
      assumeNew: revision < 0,
    });
    if (!outcome.accepted || outcome.repeated) throw new ProcessMoved(step.processId);
  }

  /** Timers and place, together; what is handled again after a crash leads to the same. */
  private async persist(): Promise<void> {
    const { name } = this.process;
    const { position } = this;
    const changed = [...this.deadlines];
    const writes = changed.flatMap(
      ([processId, { deadline, correlationId }]): AnyBulkWriteOperation<TimerDocument>[] => {
        const filter = { _id: `${name}:${processId}` };
        if (!deadline) return this.timerless.has(processId) ? [] : [{ deleteOne: { filter } }];
        this.timerless.delete(processId);
        return [{ replaceOne: { filter, replacement: timer(name, processId, deadline, correlationId), upsert: true } }];
      },
    );
    const { changes } = this.parked;
    if (writes.length === 0 && changes.length === 0) await this.place.advance(position);
    else
      await this.place.commit(position, async (session) => {
        if (writes.length > 0) await this.timers().bulkWrite(writes, { session, ordered: false });
        await this.parked.write(changes, session);
      });
    this.parked.written(changes);
    // Forgotten only now, so that a write that failed is made good by the next.
    for (const [processId, written] of changed)
      if (this.deadlines.get(processId) === written) this.deadlines.delete(processId);
  }

  private async tick(): Promise<void> {
    if (this.parked.size > 0) await this.heed().catch(() => undefined); // asked again the next time
    const due = await this.timers()
      .find({
        process: this.process.name,
        at: { $lte: new Date() },
        ...(this.parked.size > 0 && { processId: { $nin: this.parked.ids() } }),
      })
      .limit(200)
      .toArray()
      .catch(() => []);
    await Promise.all(due.map((each) => this.wake(each)));
  }

  private async wake(due: TimerDocument): Promise<void> {
    const deadline: Deadline = { name: due.name, at: due.at.toISOString() };
    const { processId, correlationId } = due;
    try {
      const next = await this.advance({
        processId,
        inputs: [{ kind: "deadline", deadline }],
        correlationId,
        causationId: processId,
      });
      // Only the timer that fired is touched: an event handled meanwhile may have set another.
      const filter = { _id: due._id, at: due.at };
      if (next) await this.timers().replaceOne(filter, timer(this.process.name, processId, next, correlationId));
      else await this.timers().deleteOne(filter);
    } catch (error) {
      if (isPassing(error))
        this.report(`a deadline of ${this.process.name} could not be handled and is tried again`, { processId, error });
      else {
        this.setAside({ processId, inputs: [], correlationId, causationId: processId }, error);
        await this.persisting.request().catch(() => undefined); // found out again
      }
    }
  }

  /** Others go on without it. @throws what passes by itself */
  private setAside({ processId, inputs, correlationId }: Step, error: unknown): void {
    if (isPassing(error)) throw error;
    const cause = causeOf(error);
    this.parked.failed(processId, correlationId, eventsOf(inputs), cause);
    const { name, category } = this.process;
    this.report(`${category}-${processId} cannot go on and is set aside: ${cause.message}`, { process: name, error });
  }

  /** Does what operators have asked for. */
  private async heed(): Promise<void> {
    const { retry, ended } = await this.parked.asked();
    for (const id of ended) this.deadlines.set(id, { deadline: undefined, correlationId: "" });
    if (ended.length > 0) await this.persisting.request();
    await Promise.all(retry.map((parked) => this.retryParked(parked)));
  }

  /** Brings the events that wait to the process; events that come meanwhile are waited for as well. */
  private async retryParked({ processId, correlationId }: ParkedProcess): Promise<void> {
    if (this.retrying.has(processId)) return;
    this.retrying.add(processId);
    let step: Step = { processId, inputs: [], correlationId, causationId: processId, again: true };
    try {
      for (let done = 0, deadline: Deadline | undefined = undefined; ;) {
        const waiting = this.parked.waiting(processId);
        if (waiting.length === done) {
          this.parked.release(processId);
          if (done > 0) this.deadlines.set(processId, { deadline, correlationId });
          break;
        }
        const inputs: Input[] = [];
        for (const { stream, revision } of waiting.slice(done))
          for await (const event of this.log.readStream(stream, revision, 1)) inputs.push({ kind: "event", event });
        done = waiting.length;
        step = { ...step, inputs, causationId: eventsOf(inputs)[0]?.id ?? processId };
        deadline = await this.advance(step);
      }
    } catch (error) {
      if (!isPassing(error)) this.setAside(step, error);
    } finally {
      this.retrying.delete(processId);
    }
    await this.persisting.request();
  }

  private timers() {
    return this.stores.collection<TimerDocument>(this.process.context, "timers");
  }
}

/** Whose the events are that the process is told of. */
const personOf = ({ inputs }: Step): string | undefined =>
  eventsOf(inputs)
    .map(({ metadata }) => metadata.person)
    .find((person) => person !== undefined);

/** The id of a command that a process sends: the same however often it is sent. */
export const processCommandId = (category: string, processId: string, { key }: Pick<Intent, "key">): string =>
  deriveId("process", category, processId, key);
