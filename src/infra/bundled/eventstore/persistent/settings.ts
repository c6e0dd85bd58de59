import { type FilterSource } from "../core/filter";

export type StrategyName = "DispatchToSingle" | "RoundRobin" | "Pinned" | "PinnedByCorrelation";

export const STRATEGIES: readonly StrategyName[] = ["DispatchToSingle", "RoundRobin", "Pinned", "PinnedByCorrelation"];

/** How a persistent subscription behaves. Times in milliseconds; the names are those of the protocol. */
export interface GroupSettings {
  /** First event to deliver: a revision or commit position, or the end as it was when the group was made. */
  readonly startFrom: "start" | "end" | number;
  readonly resolveLinks: boolean;
  readonly extraStatistics: boolean;
  readonly maxRetryCount: number;
  readonly minCheckpointCount: number;
  readonly maxCheckpointCount: number;
  /** 0: any number. */
  readonly maxSubscriberCount: number;
  readonly liveBufferSize: number;
  readonly readBatchSize: number;
  readonly historyBufferSize: number;
  /** 0: never. */
  readonly messageTimeout: number;
  readonly checkpointAfter: number;
  readonly strategy: StrategyName;
}

/** A group as it is kept in `$persistentSubscriptionConfig`. */
export interface GroupConfig {
  /** `$all` for a group over everything. */
  readonly stream: string;
  readonly name: string;
  readonly settings: GroupSettings;
  readonly filter: FilterSource | undefined;
  /** What `end` meant when the group was made: a start after a crash must not move it. */
  readonly endWas: number;
}

export const groupKey = (stream: string, name: string): string => `${stream}::${name}`;
export const checkpointStream = (key: string): string => `$persistentsubscription-${key}-checkpoint`;
export const parkedStream = (key: string): string => `$persistentsubscription-${key}-parked`;
export const CONFIG_STREAM = "$persistentSubscriptionConfig";
