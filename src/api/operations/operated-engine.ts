import { type HeldLease } from "../../infra/mongo";
import {
  type CommandFigures,
  type ConsumerState,
  type ProcessDesk,
  type RunnerState,
  type TailState,
} from "../../infra/runtime";

/** What the operations API needs of the engine. */
export interface OperatedEngine {
  readonly readModelStates: readonly RunnerState[];
  readonly workerStates: readonly WorkerState[];
  /** Read models that only other processes work on. */
  readonly followedStates: readonly FollowedState[];
  /** Read models as they can be read here, whoever works on them. */
  readonly models: { get(context: string, name: string): { readonly position: bigint } };
  /** By full name: `storefront.products`. */
  readonly runners: ReadonlyMap<string, OperatedReadModel>;
  readonly workers: ReadonlyMap<string, { readonly consumer: { retry(): void } }>;
  readonly processes: Pick<ProcessDesk, "names" | "counts" | "list" | "get" | "retry" | "end">;
  readonly commands: { readonly figures: Readonly<CommandFigures> };
  readonly tail: { readonly head: bigint; readonly state: TailState };
  /** Who holds the leases of the work that is known here, by context and lease: `storefront.products_v1`. */
  owners(): Promise<ReadonlyMap<string, HeldLease>>;
  readonly log: { endPosition(): Promise<bigint> };
  readonly stores: { ping(): Promise<void> };
}

interface OperatedReadModel {
  /** @throws RebuildUnderWay */
  rebuild(): Promise<string>;
  retry(): void;
}

interface WorkerState {
  readonly name: string;
  readonly context: string;
  readonly kind: "process" | "reaction";
  readonly state: ConsumerState;
}

interface FollowedState {
  readonly name: string;
  readonly context: string;
  readonly kind: "projection" | "feed";
  readonly version: number;
  /** The collection that serves, once it is known. */
  readonly target: string | null;
  /** How many partitions write it. */
  readonly partitions: number;
  readonly position: bigint;
}
