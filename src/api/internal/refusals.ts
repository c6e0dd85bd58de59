import { z } from "zod";
import { noContent, type Route, route } from "../http";

/** Refusals that a gateway tells of at once, at most. */
export const REFUSALS_AT_ONCE = 250;

const time = z.int().min(0).max(8_640_000_000_000_000).describe("In ms.");

/** Requests of one caller to one route that a gateway refused, put together. */
export const toldRefusal = z.strictObject({
  method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]),
  route: z.string().min(1).max(200),
  operation: z.string().min(1).max(100),
  status: z.int().min(400).max(499),
  code: z.string().min(1).max(100),
  actor: z.string().min(1).max(200),
  correlationId: z.string().min(1).max(200),
  client: z.string().max(40).optional().describe("Stands for the caller's address; absent where there were too many."),
  count: z.int().min(1),
  from: time,
  to: time,
});
export type ToldRefusal = z.output<typeof toldRefusal>;

/**
 * Where gateways tell of the requests that they have refused themselves, for the audit trail. Only for a process that
 * takes what is signed by a gateway alone.
 */
export const refusalRoutes = (tell: (refusals: readonly ToldRefusal[]) => void): readonly Route[] => [
  route({
    method: "POST",
    path: "/internal/v1/refusals",
    operationId: "tellRefusals",
    summary: "Takes what a gateway has refused into the audit trail",
    description: "The first of one caller to one route at once, the rest by the minute.",
    tags: ["Operations"],
    security: "public",
    heeds: [],
    body: z.strictObject({ items: z.array(toldRefusal).min(1).max(REFUSALS_AT_ONCE) }),
    responses: { 204: { description: "They will be written down" } },
    handler({ body: { items } }) {
      tell(items);
      return noContent();
    },
  }),
];
