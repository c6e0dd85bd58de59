import { z } from "zod";
import {
  allOf,
  type ConsumerState,
  NO_OUTLOOK,
  type Outlook,
  partitionName,
  type RunnerState,
  UNKNOWN_LAG,
} from "../../infra/runtime";
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
    event: z.string().nullable().describe("Id of that event; `skip` wants it named."),
    document: z.string().nullable().describe("The document that cannot take it; null: not one alone."),
    attempts: z.int().nullable().describe("How often it has been tried."),
    since: z.string().nullable().describe("When it was tried first."),
    stack: z.string().nullable(),
  })
  .meta({ id: "WorkFailure" });

const status = z
  .enum(["starting", "waiting", "outdated", "catching-up", "live", "reconnecting", "failed", "stopped"])
  .describe(
    "`waiting`: another process does the work, if one does. `outdated`: left to processes of a newer version, whose " +
      "events this one cannot read. `reconnecting`: a store does not answer; it goes on by itself. `failed`: stopped " +
      "at an event that it cannot handle.",
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

const ownerSchema = z
  .object({
    worker: z.string().describe("Made anew by each process that works."),
    host: z.string(),
    pid: z.int(),
    since: z.string().nullable(),
  })
  .meta({ id: "WorkOwner" });

const partitionSchema = z
  .object({
    partition: z.int().describe("Its number, from 0."),
    state: status,
    owner: ownerSchema.nullable(),
    checkpoint: z.string(),
    lag: lagSchema,
    error: failureSchema.nullable(),
  })
  .meta({ id: "WorkPartition" });

export const workSchema = z
  .object({
    name: z.string(),
    context: z.string(),
    kind: z.enum(["projection", "feed", "process", "reaction"]),
    version: z.int().nullable().describe("Of what serves now; processes and reactions have none."),
    target: z.string().nullable().describe("The collection that serves now."),
    state: status,
    owner: ownerSchema
      .nullable()
      .describe("The process that works on it; null: none that is known here, or several, each on some partitions."),
    checkpoint: z.string().describe("Log position reached; -1: nothing yet."),
    lag: lagSchema,
    error: failureSchema.nullable(),
    partitions: z.array(partitionSchema).describe("Parts that are worked on apart: one, where it is not divided."),
    rebuild: rebuildSchema.nullable(),
  })
  .meta({ id: "Work" });
export type Work = z.output<typeof workSchema>;
type Failure = z.output<typeof failureSchema>;

export const fullName = ({ context, name }: Pick<Work, "context" | "name">): string => `${context}.${name}`;

export type Observed = Pick<OperatedEngine, "readModelStates" | "workerStates" | "followedStates" | "models" | "tail">;

/** All that follows the log: the read models, feeds, processes and reactions of this process, and others' read models. */
export function workOf(engine: Observed, outlook: Outlook = NO_OUTLOOK): readonly Work[] {
  return [
    ...ownReadModels(engine, outlook),
    ...engine.followedStates.map(({ position, partitions, ...named }) => {
      const state: ConsumerState = { status: "waiting", position, lag: UNKNOWN_LAG };
      const states = Array.from({ length: partitions }, () => state);
      return { ...named, ...together(named.context, named.target, states, outlook), rebuild: null };
    }),
    ...engine.workerStates.map(({ state, name, context, kind }) => {
      const parts = together(context, name, [state], outlook);
      return { name, context, kind, version: null, target: null, ...parts, rebuild: null };
    }),
  ];
}

/** The read models and feeds that this process works on. */
export function ownReadModels(
  engine: Pick<Observed, "readModelStates" | "models" | "tail">,
  outlook: Outlook = NO_OUTLOOK,
): readonly Work[] {
  return engine.readModelStates.map((state) => readModelWork(asRead(state, engine.models), engine.tail.head, outlook));
}

type Parts = Pick<Work, "state" | "owner" | "checkpoint" | "lag" | "error" | "partitions">;

/**
 * All partitions, and what they come to: as bad as the worst of them. Of those that other processes work on is known
 * what the database knows.
 */
function together(context: string, target: string | null, states: readonly ConsumerState[], outlook: Outlook): Parts {
  const partitions = states.map((state, partition) => {
    const lease = target === null ? null : `${context}.${partitionName(target, partition, states.length)}`;
    const known = lease === null ? state : asKnown(state, lease, outlook);
    return { partition, owner: ownerOf(outlook, lease), ...progressOf(known) };
  });
  const [first, ...others] = partitions;
  const sole = first && others.every(({ owner }) => owner?.worker === first.owner?.worker) ? first.owner : null;
  const whole = progressOf(allOf(states));
  const failed = partitions.find(({ state }) => state === "failed");
  return { ...whole, ...(failed && { state: failed.state, error: failed.error }), owner: sole, partitions };
}

/** What another process works on stands still where it has said so. */
function asKnown(state: ConsumerState, lease: string, { failures, checkpoints }: Outlook): ConsumerState {
  if (!isElsewhere(state.status)) return state;
  const position = checkpoints.get(lease) ?? state.position;
  const failure = failures.get(lease);
  if (!failure) return { ...state, position: position > state.position ? position : state.position };
  const { event, cause, stack, document, attempts, since } = failure;
  const error = {
    message: `cannot handle ${event.type} at ${event.stream}@${event.revision}: ${cause}`,
    cause,
    stream: event.stream,
    revision: event.revision,
    type: event.type,
    position: event.position.toString(),
    eventId: event.id,
    attempts,
    since,
    ...(document !== null && { document }),
    ...(stack !== null && { stack }),
  };
  return { ...state, status: "failed", position, error };
}

function ownerOf({ owners }: Outlook, lease: string | null): Work["owner"] {
  const held = lease === null ? undefined : owners.get(lease);
  if (!held) return null;
  const { owner: worker, host, pid, since } = held;
  return { worker, host, pid, since: since?.toISOString() ?? null };
}

const isElsewhere = (status: ConsumerState["status"]): boolean => status === "waiting" || status === "outdated";

/** While another process does the work, the position is what this one has been told of it. */
function asRead(state: RunnerState, models: Observed["models"]): RunnerState {
  if (!isElsewhere(state.active.status)) return state;
  const { position } = models.get(state.context, state.name);
  const asSeen = (each: ConsumerState) => (isElsewhere(each.status) ? { ...each, position } : each);
  return { ...state, active: asSeen(state.active), partitions: state.partitions.map(asSeen) };
}

function readModelWork(state: RunnerState, head: bigint, outlook: Outlook): Work {
  const { name, context, kind, version, target, partitions, building } = state;
  const rebuild = building && {
    target: building.target,
    version: building.version,
    ...progressOf(building),
    progress: building.status === "live" ? 1 : share(building.position, head),
  };
  const parts = together(context, target === "" ? null : target, partitions, outlook);
  return { name, context, kind, version, target, ...parts, rebuild: rebuild ?? null };
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
  const { eventId: event = null, document = null, attempts = null, since, stack = null } = error;
  const place = { stream, revision, type, position, event, document };
  return { message, ...place, cause, attempts, since: since?.toISOString() ?? null, stack };
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
