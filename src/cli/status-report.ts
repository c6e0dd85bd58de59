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

/** What the register and the processes themselves say, put together. @param probes by the instance's id */
export function statusReport(instances: readonly SeenInstance[], probes: ReadonlyMap<string, Probe>): StatusReport {
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
    ...work.flatMap(aboutWork),
  ];
  const versions = [...new Set(alive.map(({ version }) => version))].toSorted();
  return { good: wrong.length === 0, wrong, versions, instances: shown, work };
}

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

function aboutWork({ name, state, lagSeconds, lagEvents }: WorkStatus): readonly string[] {
  if (state === "failed") return [`${name} has stopped at an event that it cannot handle.`];
  if (state === "outdated")
    return [`Nobody works on ${name}: it has events that only a newer version of the program can read.`];
  if (state === "waiting") return [`Nobody works on ${name}: no process that does is there.`];
  if (state === "stopped") return [`${name} has been stopped.`];
  if (lagSeconds === undefined || lagSeconds <= MUCH) return [];
  const events = lagEvents === undefined ? "" : `, ${lagEvents} events,`;
  return [`${name} is ${Math.round(lagSeconds)} s${events} behind.`];
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
  for (const metrics of each) {
    const lagOf = (unit: string) =>
      new Map(samplesOf(metrics, `millrace_projection_lag_${unit}`).map(({ labels, value }) => [keyOf(labels), value]));
    const [events, seconds] = [lagOf("events"), lagOf("seconds")];
    for (const { labels, value } of samplesOf(metrics, "millrace_projection_state")) {
      if (value !== 1) continue;
      const name = keyOf(labels);
      const { state = "" } = labels;
      const before = found.get(name);
      if (before && TELLING.indexOf(before.state) <= TELLING.indexOf(state)) continue;
      found.set(name, { name, state, lagEvents: events.get(name), lagSeconds: seconds.get(name) });
    }
  }
  return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
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
      ["work", "state", "behind"],
      work.map(({ name, state, lagEvents, lagSeconds }) => [
        name,
        state,
        lagEvents === undefined ? "" : `${lagEvents} events${lagSeconds === undefined ? "" : `, ${lagSeconds.toFixed(1)} s`}`,
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
