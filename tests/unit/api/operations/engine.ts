import { type OperatedEngine } from "../../../../src/api/operations";
import { type ConsumerState, RebuildUnderWay, type RunnerState, UNKNOWN_LAG } from "../../../../src/infra/runtime";

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
    runners: new Map(
      readModels.map((state, index) => [
        key(state),
        {
          rebuild() {
            if (readModels[index]?.building) return Promise.reject(new RebuildUnderWay());
            asked.push(`rebuild ${key(state)}`);
            const target = `${state.name}_v2_1`;
            readModels[index] = { ...state, building: { ...starting, target, version: 2 } };
            return Promise.resolve(target);
          },
          retry: () => void asked.push(`retry ${key(state)}`),
        },
      ]),
    ),
    workers: new Map(
      workers.map((state) => [key(state), { consumer: { retry: () => void asked.push(`retry ${key(state)}`) } }]),
    ),
    owners: () =>
      Promise.resolve(
        new Map(
          ["analytics.orders_v2", "elsewhere.offers_v3"].map((lease) => {
            const [context = "", name = ""] = lease.split(".");
            const held = { context, name, owner: "w1", host: "there", pid: 7, since: new Date(0) };
            return [lease, held] as const;
          }),
        ),
      ),
    processes: noProcesses,
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
