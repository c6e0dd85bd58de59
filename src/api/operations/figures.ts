import { type Figure, type Metrics } from "../../infra/observability";
import { type ConsumerState, orElse, type ProcessCounts } from "../../infra/runtime";
import { type OperatedEngine } from "./operated-engine";
import { type Work, workOf } from "./work";

const STATES = ["starting", "waiting", "outdated", "catching-up", "live", "reconnecting", "failed", "stopped"] as const;
const WORK = ["context", "name", "kind"] as const;

/** Offers the engine's figures to Prometheus. They are read when it asks. */
export function registerFigures(metrics: Metrics, engine: OperatedEngine): void {
  registerCommands(metrics, engine);
  registerLog(metrics, engine);
  registerWork(metrics, engine);
  registerPartitions(metrics, engine);
  registerProcesses(metrics, engine);
}

/** A timer that has passed by less than this, in ms, is about to be heeded. */
const GRACE = 10_000;
/** A database that does not answer in this time, in ms, does not hold up the other figures. */
const PATIENCE = 1_500;

/** What only the database knows, asked by whoever works on the processes; nothing while it does not answer. */
function registerProcesses(metrics: Metrics, { workers, processes }: OperatedEngine): void {
  const each = (value: (counts: ProcessCounts) => number) => async (): Promise<readonly Figure[]> => {
    const counts = await orElse(processes.counts([...workers.keys()], GRACE), PATIENCE, [] as readonly ProcessCounts[]);
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

function registerCommands(metrics: Metrics, { commands: { figures }, snapshots }: OperatedEngine): void {
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
    ["aggregate_loads_total", "Streams read as they were not in memory.", () => figures.reloads],
    ["snapshots_read_total", "Streams read from a snapshot on.", () => snapshots.figures.read],
    ["snapshots_written_total", "Snapshots of streams written.", () => snapshots.figures.written],
    ["snapshots_ignored_total", "Snapshots that were damaged or of another stream.", () => snapshots.figures.ignored],
    [
      "snapshots_failed_total",
      "Snapshots that the database could not be given or asked for.",
      () => snapshots.figures.failed,
    ],
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

/** Whether the work is done in this process. */
export const isOwn = ({ status }: Pick<ConsumerState, "status">): boolean =>
  status === "catching-up" || status === "live" || status === "reconnecting" || status === "failed";

/** What this process itself does, partition by partition. */
function registerPartitions(metrics: Metrics, engine: OperatedEngine): void {
  const parts = () => [
    ...engine.readModelStates,
    ...engine.workerStates.map((worker) => ({ ...worker, partitions: [worker.state] })),
  ];
  const each = (value: (state: ConsumerState) => number | null) => (): readonly Figure[] =>
    parts().flatMap((work) =>
      work.partitions.flatMap((state, partition) => {
        const figure = value(state);
        return figure === null ? [] : [{ labels: { ...labelsOf(work), partition: `${partition}` }, value: figure }];
      }),
    );
  const labels = [...WORK, "partition"] as const;
  metrics.gauge({
    name: "projection_owned",
    help: "1 where this process works on the partition, 0 where another does, or nobody.",
    labels,
    read: each((state) => (isOwn(state) ? 1 : 0)),
  });
  metrics.gauge({
    name: "leases_held",
    help: "Leases that this process holds: all that it works on, by context.",
    labels: ["context"],
    read() {
      const held = new Map<string, number>();
      for (const { context, partitions } of parts())
        held.set(context, (held.get(context) ?? 0) + partitions.filter(isOwn).length);
      return [...held].map(([context, value]) => ({ labels: { context }, value }));
    },
  });
  metrics.gauge({
    name: "projection_partition_lag_events",
    help: "Events that the partition has not handled yet, where this process works on it.",
    labels,
    read: each((state) => (isOwn(state) ? state.lag.events : null)),
  });
  metrics.gauge({
    name: "projection_partition_lag_seconds",
    help: "Age of the oldest event that the partition has not handled yet, where this process works on it.",
    labels,
    read: each((state) => (isOwn(state) ? state.lag.seconds : null)),
  });
  metrics.gauge({
    name: "projection_attempts",
    help: "How often the event has been tried at which the partition stands still; 0: it does not.",
    labels,
    read: each((state) => (isOwn(state) ? (state.status === "failed" && state.error?.attempts) || 0 : null)),
  });
  metrics.counter({
    name: "projection_retries_total",
    help: "Times that the partition had to begin anew here, after an interruption or at an event that it could not handle.",
    labels,
    read: each(({ retries = 0 }) => retries),
  });
}

const labelsOf = ({ context, name, kind }: Pick<Work, "context" | "name" | "kind">) => ({ context, name, kind });
