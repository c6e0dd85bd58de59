import {
  type CommandFigures,
  type ConsumerState,
  type FailureDocument,
  type Outlook,
  type ProcessDesk,
  type RunnerState,
  type SkippedEvent,
  type SnapshotFigures,
  type TailState,
  type Verdict,
} from "../../infra/runtime";

/** What the operations API needs of the engine. */
export interface OperatedEngine {
  readonly readModelStates: readonly RunnerState[];
  readonly workerStates: readonly WorkerState[];
  /** What only other processes work on. */
  readonly followedStates: readonly FollowedState[];
  /** Read models as they can be read here, whoever works on them. */
  readonly models: { get(context: string, name: string): { readonly position: bigint } };
  /** By full name: `ordering.checkout`. */
  readonly workers: ReadonlyMap<string, unknown>;
  readonly processes: Pick<ProcessDesk, "names" | "counts" | "list" | "get" | "retry" | "end">;
  readonly commands: { readonly figures: Readonly<CommandFigures> };
  readonly snapshots: { readonly figures: Readonly<SnapshotFigures> };
  readonly tail: { readonly head: bigint; readonly state: TailState };
  readonly operator: OperatorDesk;
  readonly log: { endPosition(): Promise<bigint> };
  readonly stores: { ping(): Promise<void> };
}

/** What operators see of the work of all processes, and ask for. */
interface OperatorDesk {
  outlook(): Promise<Outlook>;
  failures(context: string, name: string): Promise<readonly FailureDocument[]>;
  skipped(context: string, name: string): Promise<readonly SkippedEvent[]>;
  /** @returns what stood still and goes on */
  settle(
    context: string,
    name: string,
    meant: { readonly event?: string | undefined; readonly document?: string | undefined },
    verdict: Verdict,
  ): Promise<readonly FailureDocument[]>;
  /** @returns false where no worker has built it yet. @throws RebuildUnderWay */
  rebuild(context: string, name: string, by: string): Promise<boolean>;
}

/** One worker of this process. */
export interface WorkerState {
  readonly name: string;
  readonly context: string;
  readonly kind: "process" | "reaction";
  readonly state: ConsumerState;
}

/** A read model of another process as it is seen from here; the version is the one that this process would build. */
export interface FollowedState {
  readonly name: string;
  readonly context: string;
  readonly kind: "projection" | "feed" | "process" | "reaction";
  /** `null`: it has none. */
  readonly version: number | null;
  /** The collection that serves, once it is known. */
  readonly target: string | null;
  /** How many partitions write it. */
  readonly partitions: number;
  readonly position: bigint;
}
