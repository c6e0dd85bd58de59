import { auditEvents } from "../../domains/operations";
import { type Timestamp } from "../../domains/kernel";
import { EventLog } from "../../infra/eventstore";
import { backoff, newId, orElse, pause } from "../../infra/runtime";
import { TrailWriter } from "./trail-writer";

/** ms in which a command line writes what it has done. */
const PATIENCE = 10_000;

/** Something that was done without a request, by a route that would have done the same. */
export interface Done {
  readonly actor: string;
  readonly method: "POST" | "DELETE";
  readonly route: string;
  readonly operation: string;
  readonly ids: Readonly<Record<string, string>>;
  /** The address of what was made. */
  readonly made: string | null;
}

/**
 * Writes into the audit trail that something was done.
 * @returns why that could not be written, if so; never rejects, since it is done
 */
export async function recordDone(eventstoreUrl: string, { actor, ids, made, ...by }: Done): Promise<unknown> {
  let failure: unknown = new Error(`the log did not answer in ${PATIENCE / 1_000} s`);
  const events = new EventLog(eventstoreUrl, auditEvents, undefined, ["audit"]);
  const writer = new TrailWriter({ log: events, report: (error) => (failure = error), gathering: 0 });
  const data = { ...by, ids: { ...ids }, made, outcome: "accepted", status: made === null ? 200 : 201, code: null } as const; // prettier-ignore
  const occurredAt = new Date().toISOString() as Timestamp;
  writer.add({ type: "CommandAnswered", data }, { actor, correlationId: newId(), occurredAt });
  const written = async () => {
    for (let attempt = 0; !(await writer.flush()); attempt++) await pause(backoff(attempt, 200));
    return true;
  };
  if (await orElse(written(), PATIENCE, false)) failure = undefined;
  writer.close();
  await orElse(events.close(), 1_000, undefined);
  return failure;
}
