import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { type Context } from "../../../src/engine/context";
import { auditedOf } from "../../../src/engine/audited";
import { type Engine } from "../../../src/engine/engine";
import { verify } from "../../../src/infra/audit";
import { EventLogUnavailable } from "../../../src/infra/eventstore";
import { newId } from "../../../src/infra/runtime";
import { counter } from "../../support/counter";
import { isMirror, mirrorOf } from "../../support/mirror";
import { type Chance } from "./chance";
import { faultsOfStreams, type LogFacts } from "./log-facts";

/** A command that was answered with a yes. */
interface Acknowledged {
  readonly commandId: string;
  readonly stream: string;
  readonly revision: number;
  readonly by: number;
}

/** People who count without pause; each asks again under the same id until there is an answer. */
export class Counting {
  readonly acknowledged: Acknowledged[] = [];
  /** How often a command was asked again. */
  repeats = 0;
  private over = false;
  private working: readonly Promise<void>[] = [];

  constructor(
    private readonly engine: () => Engine,
    readonly ids: readonly string[],
  ) {}

  begin(people: number, chance: Chance): void {
    this.working = Array.from({ length: people }, () => this.work(chance.fork()));
  }

  /** Everybody finishes the command that they are at. */
  async end(): Promise<void> {
    this.over = true;
    await Promise.all(this.working);
  }

  private async work(chance: Chance): Promise<void> {
    while (!this.over) {
      await this.count(chance.pick(this.ids), chance.whole(1, 9));
      await pause(chance.between(0, 80));
    }
  }

  async count(id: string, by: number): Promise<void> {
    const commandId = newId();
    const context = { commandId, correlationId: commandId, actor: "test" };
    for (let attempt = 0; ; attempt++) {
      try {
        const outcome = await this.engine().commands.execute(counter, id, { type: "Count", by }, context);
        if (!outcome.accepted) throw new Error(outcome.error.message);
        this.acknowledged.push({ commandId, stream: `counter-${id}`, revision: outcome.revision, by });
        return;
      } catch (error) {
        if (!(error instanceof EventLogUnavailable)) throw error;
        this.repeats++;
        await pause(20);
      }
    }
  }
}

/** Whether everything has come to its end: all that follows the log is level, and every step is mirrored. */
export async function isSettled(engine: Engine, log: LogFacts): Promise<boolean> {
  const steps = log.ids("counter");
  const mirrored = steps.filter((id) => !isMirror(id)).every((id) => stepsOf(log, id) === stepsOf(log, mirrorOf(id)));
  if (!mirrored) return false;
  const level = engine.readModelStates.every(({ active }) => active.position >= log.end);
  return level && engine.workerStates.every(({ state }) => state.position >= log.end);
}

const stepsOf = (log: LogFacts, id: string): number => log.of(`counter-${id}`).length;

/** What of the promises does not hold; nothing, it is hoped. */
export async function faultsOfCounting(
  engine: Engine,
  contexts: readonly Context[],
  log: LogFacts,
  acknowledged: readonly Acknowledged[],
): Promise<string[]> {
  const faults = faultsOfStreams(log);
  const fault = (holds: boolean, what: () => string) => {
    if (!holds) faults.push(what());
  };
  for (const { commandId, stream, revision, by } of acknowledged) {
    const fact = log.of(stream)[revision];
    fault(
      fact?.commandId === commandId && fact.data.by === by,
      () => `${stream}@${revision} was acknowledged as another: ${JSON.stringify(fact?.data)}`,
    );
  }
  for (const id of log.ids("counter").filter((each) => !isMirror(each))) {
    const [steps, mirrored] = [id, mirrorOf(id)].map((each) => log.of(`counter-${each}`).map(({ data }) => data.by));
    const first = steps?.findIndex((by, step) => by !== mirrored?.[step]);
    fault(isDeepStrictEqual(steps, mirrored), () => `${id} and its mirror differ from step ${first} on`);
    const own = log.of(`mirror-${id}`);
    for (const type of ["StepSeen", "StepMirrored"]) {
      const found = own.filter((fact) => fact.type === type).length;
      fault(found === steps?.length, () => `${id} took ${steps?.length} steps, and ${found} are ${type}`);
    }
    const waiting = own.filter(({ data }) => typeof data.due === "string").length;
    const woken = own.filter(({ type }) => type === "StepDue").length;
    fault(woken === waiting, () => `${waiting} steps of ${id} waited, and ${woken} were woken`);
  }
  const counted = log.ids("counter").reduce((sum, id) => sum + stepsOf(log, id), 0);
  const rows = await engine.models.get("counting", "counts").collection.countDocuments();
  fault(rows === counted, () => `${counted} steps, and ${rows} rows in the feed`);
  const report = await verify({ log: engine.log, stores: engine.stores, ...auditedOf(contexts) });
  fault(report.good, () => `verify says ${JSON.stringify(report, (_, value: unknown) => typeof value === "bigint" ? String(value) : value)}`); // prettier-ignore
  return faults;
}
