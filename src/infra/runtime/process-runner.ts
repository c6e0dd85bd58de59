import {
  type Aggregate,
  type Answer,
  type Deadline,
  type DomainEvent,
  type Intent,
  type ProcessManager,
  type Recorded,
} from "../../domains/kernel";
import { beginSpan, isTracing, within } from "../observability/tracing";
import { type CommandContext, type Outcome } from "./command";
import { type CommandHandler } from "./command-handler";
import { PoisonEvent } from "./poison-event";
import { deriveId, newId } from "./ids";
import { CommandFailed, eventsOf, isPassing, Passing, ProcessMoved, type Step } from "./process-step";

/** Sends a command to the aggregate an intent names. */
export type Dispatch = (intent: Intent, context: CommandContext) => Promise<Outcome>;

export type AnyProcess = ProcessManager<unknown, DomainEvent, DomainEvent>;

/** What becomes of a process in a step. */
export interface Progress {
  /** It begins: nobody has heard of it before. */
  begins(processId: string): void;
  /** It has come to rest, until the deadline if it waits for one. Told in the order of the process's steps. */
  rests(processId: string, deadline: Deadline | undefined): void;
}

/** Rounds of commands and answers after which a process is taken to run in circles. */
const MAX_ROUNDS = 1_000;
/** A process that has done nothing about a deadline so many ms after it would be woken for it without end. */
const DEADLINE_HEEDED_WITHIN = 5_000;
/** How often a step is done again because the process moved on meanwhile. */
const MAX_MOVES = 5;

/**
 * Takes processes from rest to rest: tells them what has happened, sends the commands that they want, and records in
 * one append what they have learnt. One step of a process at a time; others go on beside it.
 */
export class ProcessRunner {
  /** Events up to here may have been handled by another worker. */
  claimedAt = 0n;
  private readonly busy = new Map<string, Promise<unknown>>();
  private readonly aggregate: Aggregate<readonly DomainEvent[], DomainEvent, unknown>;

  constructor(
    private readonly process: AnyProcess,
    private readonly handler: CommandHandler,
    private readonly dispatch: Dispatch,
  ) {
    this.aggregate = {
      category: process.category,
      initialState: process.initialState,
      decide: (events) => events,
      evolve: (state, event) => process.evolve(state, event),
    };
  }

  /** Runs one process to rest, after whatever it is busy with. */
  advance(step: Step, progress: Progress): Promise<void> {
    const before = this.busy.get(step.processId) ?? Promise.resolve();
    const run = before.catch(() => undefined).then(() => this.run(step, progress));
    this.busy.set(step.processId, run);
    const clear = () => {
      if (this.busy.get(step.processId) === run) this.busy.delete(step.processId);
    };
    run.then(clear, clear);
    return run;
  }

  private run(step: Step, progress: Progress): Promise<void> {
    if (!isTracing()) return this.repeatedly(step, progress);
    const span = beginSpan(`process ${this.process.name}`, "consumer", step.traceparent);
    return within(span, () => this.repeatedly({ ...step, traceparent: span?.traceparent }, progress));
  }

  private async repeatedly(step: Step, progress: Progress): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      try {
        progress.rests(step.processId, await this.runOnce(step, attempt > 0 || step.again === true, progress));
        return;
      } catch (error) {
        if (!(error instanceof ProcessMoved) || attempt >= MAX_MOVES) throw error;
      }
    }
  }

  private async runOnce(step: Step, again: boolean, progress: Progress): Promise<Deadline | undefined> {
    const { process } = this;
    const [first] = step.inputs;
    // Should what is kept be behind, the record of this step is refused, and the step repeated on what is there.
    const kept = again ? undefined : this.handler.kept(this.aggregate, step.processId);
    const begins = !again && first?.kind === "event" && this.isBeginning(first.event);
    if (begins) progress.begins(step.processId);
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
        // A timer fires once: when the process has moved on, whoever woke it, it waits for this moment no more.
        else if (isSame(input.deadline, process.deadline(state)))
          record(process.expired(input.deadline, new Date().toISOString(), state));
      } catch (cause) {
        throw input.kind === "event" ? new PoisonEvent(input.event, cause) : cause;
      }
    }
    for (let round = 0; ; round++) {
      const intents = process.wants(state);
      if (intents.length === 0) break;
      if (round >= MAX_ROUNDS) throw new Error(`process ${process.category}-${step.processId} runs in circles`);
      const answers = await Promise.all(
        intents.map(async (intent) => ({ intent, answer: await this.send(intent, step, person) })),
      );
      const at = new Date().toISOString();
      const before = recorded.length;
      for (const { intent, answer } of answers) {
        try {
          record(process.answered(intent, answer, at, state));
        } catch (cause) {
          throw new CommandFailed(intent, cause);
        }
      }
      const [unheeded] = answers;
      if (unheeded && recorded.length === before) throw wantedAgain(unheeded.intent, unheeded.answer);
    }
    const deadline = process.deadline(state);
    if (deadline) this.checkDeadline(deadline, step);
    if (recorded.length > 0) await this.record(step, recorded, loaded.revision, person);
    return deadline;
  }

  /** @throws when the process can never be woken for it, or was and waits for it still */
  private checkDeadline(deadline: Deadline, { inputs }: Step): void {
    const at = Date.parse(deadline.at);
    if (Number.isNaN(at)) throw new Error(`it waits for ${deadline.name} at ${deadline.at}, which is no moment`);
    const wasWoken = inputs.some((input) => input.kind === "deadline" && isSame(input.deadline, deadline));
    if (wasWoken && Date.now() - at > DEADLINE_HEEDED_WITHIN)
      throw new Error(`it was woken for ${deadline.name} at ${deadline.at}, and waits for it still`);
  }

  /** Whether the event begins a process, and nobody can have handled it before. */
  private isBeginning({ type, position }: Recorded): boolean {
    return position > this.claimedAt && (this.process.starts?.includes(type) ?? false);
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

  /**
   * The id is made anew for each attempt. The log takes events whose ids it knows for the same ones and says yes: a
   * worker and the one it was replaced by may learn different things from the same event, at the same revision, and
   * each would take the other's record for its own. What an attempt leaves that was cut off is found in the stream.
   */
  private async record(
    step: Step,
    events: readonly DomainEvent[],
    revision: number,
    person: string | undefined,
  ): Promise<void> {
    const outcome = await this.handler.execute(this.aggregate, step.processId, events, {
      commandId: newId(),
      correlationId: step.correlationId,
      causationId: step.causationId,
      ...(step.traceparent !== undefined && { traceparent: step.traceparent }),
      actor: `process:${this.process.name}`,
      person,
      expectedRevision: revision,
      assumeNew: revision < 0,
    });
    if (!outcome.accepted) throw new ProcessMoved(step.processId);
  }
}

/** What is asked for again and again would be asked for without end: nothing that the process knows has changed. */
function wantedAgain(intent: Intent, answer: Answer): CommandFailed {
  const how = answer.accepted ? "accepted" : `refused (${answer.error.code}: ${answer.error.message})`;
  return new CommandFailed(intent, new Error(`it was ${how}, and is wanted again`));
}

const isSame = (one: Deadline, other: Deadline | undefined): boolean =>
  one.name === other?.name && new Date(one.at).getTime() === new Date(other.at).getTime();

/** Whose the events are that the process is told of. */
const personOf = ({ inputs }: Step): string | undefined =>
  eventsOf(inputs)
    .map(({ metadata }) => metadata.person)
    .find((person) => person !== undefined);

/** The id of a command that a process sends: the same however often it is sent. */
export const processCommandId = (category: string, processId: string, { key }: Pick<Intent, "key">): string =>
  deriveId("process", category, processId, key);
