import { z } from "zod";
import { type ConsumerState, type RunnerState, UNKNOWN_LAG } from "../../infra/runtime";
import { type OperatedEngine } from "./operated-engine";

const lagSchema = z
  .object({
    events: z
      .int()
      .nullable()
      .describe("Not yet handled. Exact at the log's end, an estimate while catching up, null when not known."),
    seconds: z
      .number()
      .nullable()
      .describe("Age of the oldest event not yet handled; while catching up, of the newest one handled."),
  })
  .meta({ id: "Lag" });

const failureSchema = z
  .object({
    message: z.string(),
    stream: z.string().nullable().describe("Where the event is that cannot be handled."),
    revision: z.int().nullable(),
    type: z.string().nullable(),
    position: z.string().nullable(),
    cause: z.string(),
  })
  .meta({ id: "WorkFailure" });

const status = z
  .enum(["starting", "waiting", "catching-up", "live", "failed", "stopped"])
  .describe(
    "`waiting`: another process does the work, if one does. `failed`: stopped at an event that it cannot handle.",
  );

const rebuildSchema = z
  .object({
    target: z.string().describe("The collection that is being built."),
    version: z.int(),
    state: status,
    checkpoint: z.string(),
    lag: lagSchema,
    progress: z.number().min(0).max(1).describe("Share of the log that has been read."),
    error: failureSchema.nullable(),
  })
  .meta({ id: "Rebuild" });

export const workSchema = z
  .object({
    name: z.string(),
    context: z.string(),
    kind: z.enum(["projection", "feed", "process", "reaction"]),
    version: z.int().nullable().describe("Of what serves now; processes and reactions have none."),
    target: z.string().nullable().describe("The collection that serves now, where this process works on it."),
    state: status,
    checkpoint: z.string().describe("Log position reached; -1: nothing yet."),
    lag: lagSchema,
    error: failureSchema.nullable(),
    rebuild: rebuildSchema.nullable(),
  })
  .meta({ id: "Work" });
export type Work = z.output<typeof workSchema>;
type Failure = z.output<typeof failureSchema>;

export const fullName = ({ context, name }: Pick<Work, "context" | "name">): string => `${context}.${name}`;

export type Observed = Pick<OperatedEngine, "readModelStates" | "workerStates" | "followedStates" | "models" | "tail">;

/** All that follows the log: the read models, feeds, processes and reactions of this process, and others' read models. */
export function workOf(engine: Observed): readonly Work[] {
  return [
    ...ownReadModels(engine),
    ...engine.followedStates.map(({ position, ...named }) => ({
      ...named,
      target: null,
      ...progressOf({ status: "waiting", position, lag: UNKNOWN_LAG }),
      rebuild: null,
    })),
    ...engine.workerStates.map(({ state, name, context, kind }) => ({
      name,
      context,
      kind,
      version: null,
      target: null,
      ...progressOf(state),
      rebuild: null,
    })),
  ];
}

/** The read models and feeds that this process works on. */
export function ownReadModels(engine: Pick<Observed, "readModelStates" | "models" | "tail">): readonly Work[] {
  return engine.readModelStates.map((state) => readModelWork(asRead(state, engine.models), engine.tail.head));
}

/** While another process does the work, the position is what this one has been told of it. */
function asRead(state: RunnerState, models: Observed["models"]): RunnerState {
  if (state.active.status !== "waiting") return state;
  const { position } = models.get(state.context, state.name);
  return { ...state, active: { ...state.active, position } };
}

function readModelWork({ name, context, kind, version, target, active, building }: RunnerState, head: bigint): Work {
  const rebuild = building && {
    target: building.target,
    version: building.version,
    ...progressOf(building),
    progress: building.status === "live" ? 1 : share(building.position, head),
  };
  return { name, context, kind, version, target, ...progressOf(active), rebuild: rebuild ?? null };
}

const progressOf = (state: ConsumerState) => ({
  state: state.status,
  checkpoint: state.position.toString(),
  lag: state.lag,
  error: failureOf(state.error),
});

function failureOf(error: ConsumerState["error"]): Failure | null {
  if (!error) return null;
  const { message, stream = null, revision = null, type = null, position = null, cause = message } = error;
  return { message, stream, revision, type, position, cause };
}

/** Positions are bytes into the log, so that their share is one of the work, if not of the events. */
function share(position: bigint, head: bigint): number {
  if (position < 0n) return 0;
  if (head <= 0n || position >= head) return 1;
  return Math.round((Number(position) / Number(head)) * 10_000) / 10_000;
}

/** The work that a name means: a full name, or a bare one that only one context has. */
export function namedWork(works: readonly Work[], name: string): readonly Work[] {
  const exact = works.filter((work) => fullName(work) === name);
  return exact.length > 0 ? exact : works.filter((work) => work.name === name);
}
