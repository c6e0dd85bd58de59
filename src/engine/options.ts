import { type MongoOptions } from "../infra/mongo";
import { type Timings } from "../infra/observability";
import { type MasterKeys } from "../infra/privacy";
import { type Context, isNamed, type Work } from "./context";
import { type PartitionCounts } from "./partition-counts";

export interface EngineOptions {
  readonly contexts: readonly Context[];
  readonly eventstoreUrl: string;
  readonly mongoUrl: string;
  /** Addresses, with logins, of databases that have one of their own: see `MongoOptions.urls`. */
  readonly mongoUrls?: MongoOptions["urls"];
  readonly mongoPrefix?: string;
  /** `1` for the bundled single node, `majority` for any other server. */
  readonly writeConcern?: "majority" | 1;
  /** Names of the projections, feeds, processes and reactions to run here, or of their contexts; none when empty. */
  readonly work: "all" | readonly string[];
  /** Names of the contexts that this process is: it opens their databases and appends to their streams. All when absent. */
  readonly only?: readonly string[] | undefined;
  readonly onCommand?: MongoOptions["onCommand"];
  readonly cacheSize?: number;
  /** Into how many partitions projections and feeds are divided, by name; see `partitionsOf`. */
  readonly partitions?: PartitionCounts;
  /** ms after which a worker that is heard of no more loses its work to others. */
  readonly leaseTtl?: number | undefined;
  /** Days that answers are kept; one when absent. */
  readonly answersKeptDays?: number | undefined;
  /** Events until a long stream gets another snapshot, 0: none are made; 50 when absent. */
  readonly snapshotEvery?: number | undefined;
  /** Wrap the keys of people. Without them no personal data can be written, and what there is stays sealed. */
  readonly masterKeys?: MasterKeys | undefined;
  /** Is told how long the stores take. */
  readonly timings?: Timings | undefined;
  report(level: "info" | "warn" | "error", message: string, details: object): void;
}

/** The contexts that the process is. */
export const ownOf = ({ contexts, only }: EngineOptions): readonly Context[] =>
  only === undefined ? contexts : contexts.filter(({ name }) => only.includes(name));

/** Whether the process is to do the work. */
export const isWanted = ({ work }: EngineOptions, each: Pick<Work, "context" | "name">): boolean =>
  work === "all" || isNamed(work, each);
