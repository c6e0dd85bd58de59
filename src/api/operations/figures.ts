import { type Figure, type Metrics } from "../../infra/observability";
import { pause, type ProcessCounts } from "../../infra/runtime";
import { type OperatedEngine } from "./operated-engine";
import { type Work, workOf } from "./work";

const STATES = ["starting", "waiting", "catching-up", "live", "failed", "stopped"] as const;
const WORK = ["context", "name", "kind"] as const;

/** Offers the engine's figures to Prometheus. They are read when it asks. */
export function registerFigures(metrics: Metrics, engine: OperatedEngine): void {
  registerCommands(metrics, engine);
  registerLog(metrics, engine);
  registerWork(metrics, engine);
  registerProcesses(metrics, engine);
}

/** A timer that has passed by less than this, in ms, is about to be heeded. */
const GRACE = 10_000;
/** A database that does not answer in this time, in ms, does not hold up the other figures. */
const PATIENCE = 1_500;

/** What only the database knows, asked by whoever works on the processes; nothing while it does not answer. */
function registerProcesses(metrics: Metrics, { workers, processes }: OperatedEngine): void {
  const each = (value: (counts: ProcessCounts) => number) => async (): Promise<readonly Figure[]> => {
    const late = pause(PATIENCE).then((): readonly ProcessCounts[] => []);
    const counted = processes.counts([...workers.keys()], GRACE).catch((): readonly ProcessCounts[] => []);
    const counts = await Promise.race([counted, late]);
    return counts.map((each) => ({ labels: { context: each.context, name: each.name }, value: value(each) }));
  };
  metrics.gauge({
    name: "processes_stuck",
    help: "Processes that cannot go on and wait for an operator.",
    labels: ["context", "name"],
    read: each(({ stuck }) => stuck),
  });
  metrics.gauge({
    name: "timers_overdue",
    help: "Deadlines of processes that passed ten seconds ago or more, and that nobody has heeded.",
    labels: ["context", "name"],
    read: each(({ due }) => due),
  });
}

function registerCommands(metrics: Metrics, { commands: { figures } }: OperatedEngine): void {
  const counters = [
    ["commands_total", "Commands given to the write side.", () => figures.commands],
    ["command_refusals_total", "Commands that were refused.", () => figures.refusals],
    ["command_repeats_total", "Commands answered with what they did the first time.", () => figures.repeats],
    ["appends_total", "Appends to the log.", () => figures.appends],
    ["appended_events_total", "Events in appends to the log.", () => figures.events],
    [
      "append_conflicts_total",
      "Appends that another writer was faster than, and that were tried again.",
      () => figures.conflicts,
    ],
    ["aggregate_loads_total", "Streams read from their beginning, as they were not in memory.", () => figures.reloads],
  ] as const;
  for (const [name, help, read] of counters) metrics.counter({ name, help, read });
  metrics.counter({
    name: "append_batches_total",
    help: "Appends by how many commands they carried out together.",
    labels: ["commands"],
    read: () => figures.batches.flatMap((value, size) => ({ labels: { commands: sizeClass(size) }, value })),
  });
}

/** 0 → `1`, 1 → `2`, 2 → `3-4`, 3 → `5-8`, … */
const sizeClass = (size: number): string => (size < 2 ? `${size + 1}` : `${2 ** (size - 1) + 1}-${2 ** size}`);

function registerLog(metrics: Metrics, { tail }: OperatedEngine): void {
  metrics.gauge({ name: "log_position", help: "Newest position seen in the log.", read: () => Number(tail.head) });
  metrics.gauge({
    name: "log_connected",
    help: "Whether the log is followed at present.",
    read: () => (tail.state.connected ? 1 : 0),
  });
  metrics.counter({
    name: "log_reconnects_total",
    help: "Times that the connection to the log was lost.",
    read: () => tail.state.reconnects,
  });
}

function registerWork(metrics: Metrics, engine: OperatedEngine): void {
  const each = (value: (work: Work) => number | null) => (): readonly Figure[] =>
    workOf(engine).flatMap((work) => {
      const figure = value(work);
      return figure === null ? [] : [{ labels: labelsOf(work), value: figure }];
    });
  metrics.gauge({
    name: "projection_lag_events",
    help: "Events that a projection, feed, process or reaction has not handled yet.",
    labels: WORK,
    read: each(({ lag }) => lag.events),
  });
  metrics.gauge({
    name: "projection_lag_seconds",
    help: "Age of the oldest event that it has not handled yet.",
    labels: WORK,
    read: each(({ lag }) => lag.seconds),
  });
  metrics.gauge({
    name: "projection_position",
    help: "Log position that it has reached.",
    labels: WORK,
    read: each(({ checkpoint }) => Number(checkpoint)),
  });
  metrics.gauge({
    name: "projection_rebuild_progress",
    help: "Share of the log that a rebuild under way has read.",
    labels: WORK,
    read: each(({ rebuild }) => rebuild?.progress ?? null),
  });
  metrics.gauge({
    name: "projection_state",
    help: "1 for the state that it is in.",
    labels: [...WORK, "state"],
    read: () =>
      workOf(engine).flatMap((work) =>
        STATES.map((state) => ({ labels: { ...labelsOf(work), state }, value: work.state === state ? 1 : 0 })),
      ),
  });
}

const labelsOf = ({ context, name, kind }: Work) => ({ context, name, kind });
