import { type Aggregate } from "../kernel";
import { type AuditEvent } from "./events";

export interface AuditTrailState {
  readonly recorded: number;
}

export interface RecordAudit {
  readonly type: "RecordAudit";
  readonly events: readonly AuditEvent[];
}

/** What one process has to tell of a day. Nothing is decided: what has happened is written down. */
export const auditTrail: Aggregate<RecordAudit, AuditEvent, AuditTrailState> = {
  category: "audit",
  initialState: { recorded: 0 },
  decide: ({ events }) => events,
  evolve: ({ recorded }) => ({ recorded: recorded + 1 }),
};
