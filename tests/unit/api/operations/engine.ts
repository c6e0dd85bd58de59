import { type OperatedEngine } from "../../../../src/api/operations";
import {
  type ConsumerState,
  type FailureDocument,
  NO_OUTLOOK,
  RebuildUnderWay,
  type RunnerState,
  type SkippedEvent,
  UNKNOWN_LAG,
} from "../../../../src/infra/runtime";

export const live = (position = 100): ConsumerState => ({
  status: "live",
  position: BigInt(position),
  lag: { events: 0, seconds: 0 },
});
export const starting: ConsumerState = { status: "starting", position: -1n, lag: UNKNOWN_LAG };
export const failed: ConsumerState = {
  status: "failed",
  position: 40n,
  lag: { events: 3, seconds: 12.5 },
  error: {
    message: "cannot handle PriceSet at price-A@3: no such currency",
    cause: "no such currency",
    stream: "price-A",
    revision: 3,
    type: "PriceSet",
    position: "41",
    stack: "Error: no such currency\n    at /srv/inside.js",
  },
};

export const readModel = (context: string, name: string, active: ConsumerState, more: Partial<RunnerState> = {}) =>
  ({
    name,
    context,
    kind: "projection",
    version: 2,
    target: `${name}_v2`,
    active,
    partitions: [active],
    ...more,
  }) satisfies RunnerState;

export const waiting: ConsumerState = { status: "waiting", position: -1n, lag: UNKNOWN_LAG };
/** What another process has said of itself. */
export const failure: FailureDocument = {
  _id: "offers_v3",
  work: "offers",
  event: { id: "e-1", stream: "product-7", revision: 2, type: "ProductRevised", position: 150n },
  document: "product:7",
  cause: "no title",
  stack: "Error: no title\n    at apply",
  attempts: 3,
  since: new Date(0),
  last: new Date(1),
  owner: "w1",
};

/** How far what another process writes can be read here. */
export const followed = { position: 120n };

const noProcesses: OperatedEngine["processes"] = {
  names: [],
  counts: async () => [],
  list: () => Promise.resolve([]),
  get: () => Promise.resolve(undefined),
  retry: () => Promise.resolve(false),
  end: () => Promise.resolve(false),
};

/** An engine as the operations API sees it, with what was asked of it. */
export function engineOf(
  readModels: RunnerState[],
  workers: OperatedEngine["workerStates"] = [],
): OperatedEngine & { readonly asked: string[]; readonly stores: { ping: () => Promise<void> } } & {
  log: { endPosition: () => Promise<bigint> };
} {
  const asked: string[] = [];
  const key = ({ context, name }: { context: string; name: string }) => `${context}.${name}`;
  return {
    asked,
    get readModelStates() {
      return readModels;
    },
    workerStates: workers,
    followedStates: [
      {
        name: "offers",
        context: "elsewhere",
        kind: "projection",
        version: 3,
        target: "offers_v3",
        partitions: 1,
        position: 150n,
      },
    ],
    models: { get: () => ({ position: followed.position }) },
    workers: new Map(workers.map((state) => [key(state), {}])),
    operator: {
      outlook: () =>
        Promise.resolve({
          ...NO_OUTLOOK,
          failures: new Map([["elsewhere.offers_v3", failure]]),
          owners: new Map(
            ["analytics.orders_v2", "elsewhere.offers_v3"].map((lease) => {
              const [context = "", name = ""] = lease.split(".");
              const held = { context, name, owner: "w1", host: "there", pid: 7, since: new Date(0) };
              return [lease, held] as const;
            }),
          ),
        }),
      failures: (_, name) => Promise.resolve(name === "offers" ? [failure] : []),
      skipped: (_, projection) =>
        Promise.resolve([
          { ...failure, _id: "", projection, reason: "as agreed", by: "key:ops", at: new Date(0) } satisfies SkippedEvent, // prettier-ignore
        ]),
      settle(context, name, meant, { kind, by, reason }) {
        asked.push([kind, `${context}.${name}`, ...Object.values(meant), by, reason].filter(Boolean).join(" "));
        return Promise.resolve([]);
      },
      rebuild(context, name) {
        const index = readModels.findIndex((state) => key(state) === `${context}.${name}`);
        const state = readModels[index];
        if (!state) return Promise.resolve(false);
        if (state.building) return Promise.reject(new RebuildUnderWay());
        asked.push(`rebuild ${key(state)}`);
        readModels[index] = { ...state, building: { ...starting, target: `${name}_v2_1`, version: 2 } };
        return Promise.resolve(true);
      },
    },
    processes: noProcesses,
    snapshots: { figures: { read: 0, written: 0, ignored: 0, failed: 0 } },
    commands: {
      figures: {
        commands: 9,
        refusals: 1,
        repeats: 2,
        appends: 4,
        events: 7,
        batches: [2, 0, 1, 1],
        conflicts: 3,
        reloads: 5,
      },
    },
    tail: { head: 200n, state: { connected: true, reconnects: 1, error: undefined } },
    log: { endPosition: () => Promise.resolve(200n) },
    stores: { ping: () => Promise.resolve() },
  };
}
