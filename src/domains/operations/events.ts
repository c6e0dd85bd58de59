import { z } from "zod";
import { defineEvents, type EventsOf, timestamp } from "../kernel";

const method = z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]);
/** The route's pattern, never the path as it was sent: nobody writes what they like into the trail. */
const route = z.string().min(1).max(200);
const operation = z.string().min(1).max(100);
const status = z.int().min(100).max(599);
/** The code of the problem that was answered. */
const code = z.string().min(1).max(100);

/**
 * Who was refused, and who had what done in the back office. The caller is the actor of the metadata, as it was verified:
 * `key:<name>`, `user:<subject>`; of shoppers, and of those who are not known, no more is kept than that.
 */
export const auditEvents = defineEvents("audit", {
  /** Requests of one caller to one route that were refused (401, 403, 429): the first at once, the rest by the minute. */
  RequestRefused: {
    version: 1,
    schema: z.strictObject({
      method,
      route,
      operation,
      status,
      code,
      /** Stands for the caller's address for a day at most and leads nowhere; `null` where there were too many. */
      client: z.string().max(40).nullable(),
      /** How many. */
      count: z.int().min(1),
      from: timestamp,
      to: timestamp,
    }),
  },
  /** A request of the back office that was to change something, and what became of it. */
  CommandAnswered: {
    version: 1,
    schema: z.strictObject({
      method,
      route,
      operation,
      /** The parameters in the path, which name the aggregate; none that tell of a person. */
      ids: z.record(z.string().max(100), z.string().max(200)),
      /** The address of what was made. */
      made: z.string().max(500).nullable(),
      /** `failed`: whether it was done is not known. */
      outcome: z.enum(["accepted", "refused", "failed"]),
      status,
      code: code.nullable(),
    }),
  },
});
export type AuditEvent = EventsOf<typeof auditEvents>;
