import { type AnsweredCommand, type Audit, type Audited } from "../../api/http";
import { auditEvents } from "../../domains/operations";
import { type Timestamp } from "../../domains/kernel";
import { EventLog } from "../../infra/eventstore";
import { type Logger, type Metrics } from "../../infra/observability";
import { orElse } from "../../infra/runtime";
import { GatheredRefusals } from "./gathered-refusals";
import { type Refusals } from "./refusals";
import { TrailWriter } from "./trail-writer";

export { type Done, recordDone } from "./record";
export { RefusalReports } from "./refusal-reports";

export interface AuditTrailOptions {
  readonly eventstoreUrl: string;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** ms for which refused requests of one caller to one route are put together; a minute when absent. */
  readonly window?: number | undefined;
}

/** ms that a process that stops waits for the rest to be appended. */
const PATIENCE = 2_000;

/** Writes down who was refused and who had what done in the back office. See `RequestRefused` and `CommandAnswered`. */
export class AuditTrail {
  private readonly events: EventLog;
  private readonly writer: TrailWriter;
  private readonly refusals: GatheredRefusals;

  constructor({ eventstoreUrl, log, metrics, window }: AuditTrailOptions) {
    // A connection that appends to nothing else, whatever else the process may append to.
    this.events = new EventLog(eventstoreUrl, auditEvents, undefined, ["audit"]);
    this.writer = new TrailWriter({
      log: this.events,
      report: (err, waiting) => log.warn({ err, waiting }, "the audit trail cannot be written: tried again"),
    });
    this.refusals = new GatheredRefusals((refusals) => this.tell(refusals), window);
    registerTrailFigures(metrics, this.writer);
  }

  readonly heard: Audit = (audited: Audited) => {
    if (audited.kind === "command") this.command(audited);
    else this.refusals.add(audited);
  };

  async stop(): Promise<void> {
    this.refusals.stop();
    await orElse(this.writer.flush(), PATIENCE, false);
    this.writer.close();
    await this.events.close();
  }

  private command({ actor, correlationId, commandId, traceparent, ...command }: AnsweredCommand): void {
    const { method, route, operation, ids, made = null, status, code = null } = command;
    const outcome = status < 400 ? "accepted" : status < 500 ? "refused" : "failed";
    this.writer.add(
      { type: "CommandAnswered", data: { method, route, operation, ids: { ...ids }, made, outcome, status, code } },
      {
        actor,
        correlationId,
        occurredAt: iso(Date.now()),
        ...(commandId !== undefined && { causationId: commandId }),
        ...(traceparent !== undefined && { traceparent }),
      },
    );
  }

  /** Writes down what refused requests were put together to, here or by a gateway. */
  readonly tell = (refusals: readonly Refusals[]): void => {
    for (const { actor, correlationId, client = null, from, to, ...refused } of refusals) {
      const { method, route, operation, status, code, count } = refused;
      const data = { method, route, operation, status, code, client, count, from: iso(from), to: iso(to) };
      this.writer.add({ type: "RequestRefused", data }, { actor, correlationId, occurredAt: iso(from) });
    }
  };
}

const iso = (at: number): Timestamp => new Date(at).toISOString() as Timestamp;

/** Offers the figures of the trail to Prometheus. */
export function registerTrailFigures(metrics: Metrics, writer: Pick<TrailWriter, "figures" | "pending">): void {
  const { figures } = writer;
  metrics.counter({
    name: "audit_events_total",
    help: "Events appended to the audit trail.",
    read: () => figures.events,
  });
  metrics.counter({
    name: "audit_append_failures_total",
    help: "Appends to the audit trail that failed and were tried again.",
    read: () => figures.failures,
  });
  metrics.counter({
    name: "audit_lost_total",
    help: "Events that are not in the audit trail, as too many waited while the log was away.",
    read: () => figures.lost,
  });
  metrics.gauge({
    name: "audit_waiting",
    help: "Events that wait to be appended to the audit trail.",
    read: () => writer.pending,
  });
}
