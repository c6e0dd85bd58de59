import { Problem, type Refusal } from "../../http";
import { type Arrival } from "../arrival";
import { type Ruling } from "./limiter";

/** What a caller is answered who has reached a limit. */
export const tooMany = ({ policy, rate, retryAfter }: Ruling): Problem =>
  new Problem(
    429,
    "rate-limited",
    `No more than ${rate.requests} requests in ${rate.seconds} s are possible here. Try again later.`,
    { headers: { "Retry-After": String(Math.max(1, Math.ceil(retryAfter))) }, details: { policy } },
  );

/** The same for the audit trail. Who calls is not known to a gateway, which looks at no credential. */
export const rateLimited = ({ request, route, client, correlationId }: Arrival): Refusal => ({
  kind: "refusal",
  method: request.method === "HEAD" ? "GET" : (request.method as Refusal["method"]),
  route: route.path,
  operation: route.operationId,
  status: 429,
  code: "rate-limited",
  correlationId,
  actor: "anonymous",
  client,
});
