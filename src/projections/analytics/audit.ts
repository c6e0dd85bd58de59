import { type AuditEvent } from "../../domains/operations/events";
import { type Feed, type Recorded } from "../../domains/kernel";

export type AuditRow = {
  readonly occurredAt: string;
  readonly kind: "command" | "refusal";
  readonly actor: string;
  readonly operation: string;
  readonly method: string;
  readonly route: string;
  /** The aggregate: `sku=85123A`; several are separated by spaces. */
  readonly ids: string | null;
  readonly made: string | null;
  readonly outcome: "accepted" | "refused" | "failed";
  readonly status: number;
  readonly code: string | null;
  readonly client: string | null;
  /** When the last of them was refused. */
  readonly until: string | null;
  readonly correlationId: string;
  /** How many requests the row stands for. */
  readonly quantity: number;
};

export const auditFeed: Feed<AuditEvent> = {
  name: "audit",
  context: "analytics",
  version: 1,
  description:
    "A row for each request of the back office that was to change something, and for refused requests: who, what, the " +
    "aggregate, the outcome. Refused requests of one caller to one route are put together: the first at once, the rest " +
    "by the minute; `quantity` is how many, so that sums are exact. `client` stands for the caller's address for a day " +
    "at most and leads nowhere.",
  events: ["RequestRefused", "CommandAnswered"],
  dimensions: ["kind", "actor", "operation", "method", "route", "outcome", "status", "code"],
  rows(event: Recorded<AuditEvent>): readonly AuditRow[] {
    const { actor, correlationId, occurredAt } = event.metadata;
    switch (event.type) {
      case "RequestRefused": {
        const { method, route, operation, status, code, client, count, to } = event.data;
        const none = { ids: null, made: null } as const;
        const row = {
          occurredAt,
          kind: "refusal",
          actor,
          operation,
          method,
          route,
          ...none,
          outcome: "refused",
        } as const;
        return [{ ...row, status, code, client, until: to, correlationId, quantity: count }];
      }
      case "CommandAnswered": {
        const { method, route, operation, ids, made, outcome, status, code } = event.data;
        const named = Object.entries(ids).map(([name, id]) => `${name}=${id}`);
        const row = { occurredAt, kind: "command", actor, operation, method, route } as const;
        return [
          {
            ...row,
            ids: named.length > 0 ? named.join(" ") : null,
            made,
            outcome,
            status,
            code,
            client: null,
            until: null,
            correlationId,
            quantity: 1,
          },
        ];
      }
    }
  },
};
