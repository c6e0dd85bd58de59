import { type CommandFigures, type ConsumerState, type RunnerState, type TailState } from "../../infra/runtime";

/** What the operations API needs of the engine. */
export interface OperatedEngine {
  readonly readModelStates: readonly RunnerState[];
  readonly workerStates: readonly WorkerState[];
  /** By full name: `storefront.products`. */
  readonly runners: ReadonlyMap<string, OperatedReadModel>;
  readonly workers: ReadonlyMap<string, { readonly consumer: { retry(): void } }>;
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
