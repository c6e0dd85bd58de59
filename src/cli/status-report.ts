import { type SeenInstance } from "../infra/mongo";

/** How a process answered when it was asked. */
export interface Probe {
  readonly ready: boolean;
  /** Why it is not ready, or did not answer. */
  readonly reason: string | undefined;
  /** Its figures in Prometheus' text format; `undefined` when it did not tell them. */
  readonly metrics: string | undefined;
}

/** A projection, feed, process or reaction, as the process says that is furthest with it. */
export interface WorkStatus {
  readonly name: string;
  readonly state: string;
  readonly lagEvents: number | undefined;
  readonly lagSeconds: number | undefined;
  /** Share of the log that a rebuild under way has read. */
  readonly rebuilt: number | undefined;
  /** Processes that wait for an operator. */
  readonly stuck: number | undefined;
  /** Deadlines of processes that nobody has heeded. */
  readonly overdue: number | undefined;
}

export interface InstanceStatus {
  readonly role: string;
  readonly parts: readonly string[];
  readonly url: string;
  readonly version: string;
  readonly state: "ready" | "not-ready" | "draining" | "silent" | "lost";
  readonly startedAt: string;
}

export interface StatusReport {
  readonly good: boolean;
  /** What is wrong, a sentence each. */
  readonly wrong: readonly string[];
  readonly versions: readonly string[];
  readonly instances: readonly InstanceStatus[];
  readonly work: readonly WorkStatus[];
}

/** Seconds that work may be behind before it is worth a word; as the alert has it. */
const MUCH = 30;

/** States of work from the one that tells most to the one that tells least: where nobody says more, others wait. */
const TELLING = ["failed", "live", "catching-up", "reconnecting", "starting", "stopped", "outdated", "waiting"];

/**
 * What the register and the processes themselves say, put together.
 * @param probes by the instance's id
 * @param contexts what a whole shop is made of
 */
export function statusReport(
  instances: readonly SeenInstance[],
  probes: ReadonlyMap<string, Probe>,
  contexts: readonly string[] = [],
): StatusReport {
  const known = instances.map((instance) => ({ instance, probe: probes.get(instance._id) }));
  const shown = known.map(({ instance, probe }): InstanceStatus => ({
    role: instance.role ?? "serve",
    parts: instance.parts ?? instance.services,
    url: instance.url,
    version: instance.version,
    state: stateOf(instance, probe),
    startedAt: instance.startedAt.toISOString(),
  }));
  const alive = shown.filter(({ state }) => state !== "lost");
  const work = workOf(known.flatMap(({ probe }) => (probe?.metrics === undefined ? [] : [probe.metrics])));
  const wrong = [
    ...(alive.length === 0 ? ["No process of the shop is in the register: nothing runs, or none registers."] : []),
    ...known.flatMap(({ instance, probe }, index) => aboutInstance(shown[index], instance, probe, alive)),
    ...contexts.filter((name) => alive.length > 0 && !alive.some(isOf(name))).map((name) => `There is no process of ${name}.`), // prettier-ignore
    ...known.flatMap(({ probe }) => (probe?.metrics === undefined ? [] : asGatewaysSee(probe.metrics))),
    ...work.flatMap(aboutWork),
  ];
  const versions = [...new Set(alive.map(({ version }) => version))].toSorted();
  return { good: wrong.length === 0, wrong, versions, instances: shown, work };
}

/** Whether a process does anything of a context. */
const isOf =
  (context: string) =>
  ({ role, parts }: InstanceStatus): boolean =>
    role === "start" || parts.some((part) => part === context || part === "all work" || part.startsWith(`${context}.`));

function stateOf({ alive, state }: SeenInstance, probe: Probe | undefined): InstanceStatus["state"] {
  if (!alive) return "lost";
  if (state === "draining") return "draining";
  if (probe === undefined || (!probe.ready && probe.metrics === undefined)) return "silent";
  return probe.ready ? "ready" : "not-ready";
}

const nameOf = ({ role, parts }: InstanceStatus): string => [role, ...parts].join(" ");

function aboutInstance(
  shown: InstanceStatus | undefined,
  { alive, host, pid }: SeenInstance,
  probe: Probe | undefined,
  others: readonly InstanceStatus[],
): readonly string[] {
  if (shown === undefined) return [];
  const name = nameOf(shown);
  // One that was killed and has been replaced is history.
  if (!alive)
    return others.some((other) => nameOf(other) === name)
      ? []
      : [`${name} is gone: process ${pid} on ${host} ended without a word, and no other does its part.`];
  switch (shown.state) {
    case "silent":
      return [`${name} at ${shown.url} does not answer: ${probe?.reason ?? "it was not asked"}.`];
    case "not-ready":
      return [`${name} at ${shown.url} is not ready: ${probe?.reason ?? "it does not say why"}.`];
    case "ready":
      return probe?.metrics === undefined
        ? [`${name} at ${shown.url} does not tell its figures: name an operator's API key with --key.`]
        : figure(probe.metrics, "millrace_log_connected") === 0
          ? [`${name} at ${shown.url} has no connection to EventStoreDB.`]
          : [];
    case "draining":
    case "lost":
      return [];
  }
}

/** What gateways cannot reach, or send nothing to at present. */
function asGatewaysSee(metrics: string): readonly string[] {
  const ready = new Map<string, number>();
  for (const { labels, value } of samplesOf(metrics, "millrace_gateway_instance_ready"))
    ready.set(labels["service"] ?? "", (ready.get(labels["service"] ?? "") ?? 0) + value);
  const circuits = samplesOf(metrics, "millrace_gateway_circuit").filter(({ value }) => value === 1);
  return [
    ...[...ready].flatMap(([service, count]) =>
      count > 0 ? [] : [`The gateway has no ready instance of ${service}.`],
    ),
    ...circuits.flatMap(
      ({ labels: { state, service, instance } }) =>
      state === "open" ? [`The gateway sends nothing to ${service ?? ""} at ${instance ?? ""}, which failed again and again.`] : [], // prettier-ignore
    ),
  ];
}

function aboutWork(work: WorkStatus): readonly string[] {
  const { name, stuck = 0, overdue = 0 } = work;
  const standing = aboutProgress(work);
  return [
    ...(standing === undefined ? [] : [standing]),
    ...(stuck === 0 ? [] : [`${stuck} of ${name} cannot go on and ${stuck === 1 ? "waits" : "wait"} for an operator: see /operations/v1/processes.`]), // prettier-ignore
    ...(overdue === 0 ? [] : [`${overdue} of ${name} ${overdue === 1 ? "has a deadline" : "have deadlines"} that nobody has heeded.`]), // prettier-ignore
  ];
}

function aboutProgress({ name, state, lagSeconds, lagEvents }: WorkStatus): string | undefined {
  if (state === "failed") return `${name} has stopped at an event that it cannot handle.`;
  if (state === "outdated")
    return `Nobody works on ${name}: it has events that only a newer version of the program can read.`;
  if (state === "waiting") return `Nobody works on ${name}: no process that does is there.`;
  if (state === "stopped") return `${name} has been stopped.`;
  if (lagSeconds === undefined || lagSeconds <= MUCH) return undefined;
  const events = lagEvents === undefined ? "" : `, ${lagEvents} events,`;
  return `${name} is ${Math.round(lagSeconds)} s${events} behind.`;
}

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const samplesOf = (metrics: string, name: string): readonly Sample[] =>
  [...metrics.matchAll(new RegExp(`^${name}(?:\\{([^}]*)\\})? (\\S+)`, "gm"))].map(([, labels = "", value]) => ({
    labels: Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = "", text = ""]) => [key, text])),
    value: Number(value),
  }));

const figure = (metrics: string, name: string): number | undefined => samplesOf(metrics, name)[0]?.value;

function workOf(each: readonly string[]): readonly WorkStatus[] {
  const found = new Map<string, WorkStatus>();
  const most = (name: string) => highest(each.flatMap((metrics) => samplesOf(metrics, `millrace_${name}`)));
  const [rebuilt, stuck, overdue] = ["projection_rebuild_progress", "processes_stuck", "timers_overdue"].map(most);
  for (const metrics of each) {
    const [events, seconds] = ["events", "seconds"].map((unit) => highest(samplesOf(metrics, `millrace_projection_lag_${unit}`))); // prettier-ignore
    for (const { labels, value } of samplesOf(metrics, "millrace_projection_state")) {
      if (value !== 1) continue;
      const name = keyOf(labels);
      const { state = "" } = labels;
      const before = found.get(name);
      if (before && TELLING.indexOf(before.state) <= TELLING.indexOf(state)) continue;
      found.set(name, {
        name,
        state,
        lagEvents: events?.get(name),
        lagSeconds: seconds?.get(name),
        rebuilt: rebuilt?.get(name),
        stuck: stuck?.get(name),
        overdue: overdue?.get(name),
      });
    }
  }
  return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Of each work the highest figure: several processes ask the same database. */
function highest(samples: readonly Sample[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const { labels, value } of samples) found.set(keyOf(labels), Math.max(value, found.get(keyOf(labels)) ?? value));
  return found;
}

const keyOf = ({ context = "", name = "" }: Readonly<Record<string, string>>): string => `${context}.${name}`;

/** The report for people. */
export function statusText({ wrong, instances, work, versions }: StatusReport): string {
  const lines = [
    table(
      ["process", "state", "version", "since", "address"],
      instances.map((each) => [nameOf(each), each.state, each.version, each.startedAt.slice(0, 19) + "Z", each.url]),
    ),
    "",
    table(
      ["work", "state", "behind", ""],
      work.map(({ name, state, lagEvents, lagSeconds, rebuilt, stuck }) => [
        name,
        state,
        lagEvents === undefined ? "" : `${lagEvents} events${lagSeconds === undefined ? "" : `, ${lagSeconds.toFixed(1)} s`}`,
        [
          ...(rebuilt === undefined ? [] : [`being rebuilt, ${Math.floor(rebuilt * 100)}%`]),
          ...(stuck ? [`${stuck} stuck`] : []),
        ].join(", "),
      ]), // prettier-ignore
    ),
    "",
    ...(versions.length > 1 ? [`Versions side by side: ${versions.join(", ")}.`] : []),
    ...(wrong.length === 0 ? ["All is well."] : ["Wrong:", ...wrong.map((each) => `- ${each}`)]),
  ];
  return `${lines.join("\n")}\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()).join("\n"); // prettier-ignore
}
