import { type Document, type EventCatalogue, type Feed, type Projection } from "../../domains/kernel";
import { type EventLog, type LogEntry, logPages } from "../eventstore";
import { type MongoStores } from "../mongo";
import { FeedCheck } from "./feed-check";
import { type ModelReport } from "./model-report";
import { ProjectionCheck } from "./projection-check";
import { Scratch } from "./scratch";
import { StreamCheck, type StreamsReport } from "./stream-check";

/** What there is to verify. */
export interface Audited {
  readonly catalogue: EventCatalogue;
  /** Categories of the shop's streams. */
  readonly categories: readonly string[];
  readonly projections: readonly Projection<Document>[];
  readonly feeds: readonly Feed[];
}

export interface VerifyOptions extends Audited {
  readonly log: EventLog;
  readonly stores: MongoStores;
  /** Whether the streams are looked at as well; they are when absent. */
  readonly streams?: boolean;
  readonly signal?: AbortSignal;
  progress?(phase: "log" | "read-models", done: number, total: number): void;
}

export interface VerifyReport {
  /** Whether nothing was found. */
  readonly good: boolean;
  /** The newest event looked at. */
  readonly position: string;
  /** `null`: not looked at. */
  readonly streams: StreamsReport | null;
  readonly readModels: readonly ModelReport[];
}

type Check = ProjectionCheck | FeedCheck;

/**
 * Replays the log through every projection and feed and compares the outcome, document by document, with what is
 * stored at the same position; looks at the streams on the way. Writes nothing, and does not mind that the shop is
 * open: checkpoint and documents are read in one snapshot, and the replay goes up to exactly that position.
 */
export async function verify(options: VerifyOptions): Promise<VerifyReport> {
  const scratch = new Scratch();
  try {
    return await new Verification(options, scratch).run();
  } finally {
    await scratch.remove();
  }
}

class Verification {
  private readonly projections: readonly ProjectionCheck[];
  private readonly feeds: readonly FeedCheck[];
  private readonly streams: StreamCheck | undefined;

  constructor(
    private readonly options: VerifyOptions,
    scratch: Scratch,
  ) {
    const { catalogue, categories, projections, feeds, stores, streams = true } = options;
    this.projections = projections.map((projection) => new ProjectionCheck(projection, stores, scratch));
    this.feeds = feeds.map((feed) => new FeedCheck(feed, stores));
    this.streams = streams ? new StreamCheck(catalogue, new Set(categories), scratch) : undefined;
  }

  async run(): Promise<VerifyReport> {
    const { log, progress } = this.options;
    const checks = [...this.projections, ...this.feeds];
    for (const check of checks) await check.aim();
    const end = await log.endPosition();
    await this.scan(checks, -1n, end, true);
    const readModels: ModelReport[] = [];
    for (const [index, projection] of this.projections.entries()) {
      const open = this.projections.slice(index);
      this.options.signal?.throwIfAborted();
      progress?.("read-models", readModels.length, checks.length);
      await this.advance(open);
      const report = await projection.finish(() => this.scan([projection], projection.position, projection.goal));
      readModels.push(report);
    }
    for (const feed of this.feeds) readModels.push(await feed.finish());
    progress?.("read-models", checks.length, checks.length);
    const now = await log.endPosition();
    const streams = this.streams?.report() ?? null;
    const judged = readModels.map((report) => ahead(report, now));
    const good = judged.every(({ status }) => status === "same" || status === "skipped") && !streams?.faults;
    return { good, position: end.toString(), streams, readModels: judged };
  }

  /** Brings those that have moved on up to where they are now; one reading of the log does for all. */
  private async advance(checks: readonly ProjectionCheck[]): Promise<void> {
    for (const check of checks) await check.aim();
    const behind = checks.filter(({ goal, position }) => goal > position);
    if (behind.length === 0) return;
    const from = behind.reduce(
      (least, { position }) => (position < least ? position : least),
      behind[0]?.position ?? 0n,
    );
    await this.scan(behind, from, greatest(behind));
  }

  /** Shows the checks the events after one position, up to another. */
  private async scan(checks: readonly Check[], from: bigint, upTo: bigint, first = false): Promise<void> {
    const { log, signal, progress } = this.options;
    const byType = new Map<string, Check[]>();
    for (const check of checks) for (const type of check.types) byType.set(type, [...(byType.get(type) ?? []), check]);
    for await (const page of logPages(log, { from, ...(signal && { signal }) })) {
      const entries = page.filter(({ position }) => position <= upTo);
      for (const entry of entries) this.see(entry, byType.get(entry.type) ?? [], first);
      const reached = entries.at(-1)?.position ?? upTo;
      await this.pageEnds(checks, reached);
      if (first) progress?.("log", Number(reached), Number(upTo));
      if (entries.length < page.length) break;
    }
    await this.pageEnds(checks, upTo);
    for (const check of checks) if (check.kind === "projection") check.arrived();
  }

  private see(entry: LogEntry, checks: readonly Check[], first: boolean): void {
    if (first) this.streams?.see(entry);
    const { event } = entry;
    if (event) for (const check of checks) check.see(event);
  }

  private async pageEnds(checks: readonly Check[], upTo: bigint): Promise<void> {
    await Promise.all(checks.map((check) => (check.kind === "feed" ? check.pageEnds(upTo) : undefined)));
  }
}

const greatest = (checks: readonly Check[]): bigint =>
  checks.reduce((most, { goal }) => (goal > most ? goal : most), -1n);

/** A read model that has seen more than there is: the log has lost events, or is another one. */
function ahead(report: ModelReport, end: bigint): ModelReport {
  if (report.position === null || BigInt(report.position) <= end) return report;
  return {
    ...report,
    status: "failed",
    reason: `it has got to position ${report.position}, and the log ends at ${end}`,
  };
}
