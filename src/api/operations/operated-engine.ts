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
  readonly position: bigint;
}
