import { type IncomingMessage, type ServerResponse } from "node:http";
import { newId } from "../../infra/runtime";
import { beginSpan, isTracing, type TracedSpan } from "../../infra/observability";
import { isLocalRequest, isLoopback } from "../../infra/security";
import {
  DEADLINE_HEADER,
  parseCorrelationId,
  parseDeadline,
  parseTraceparent,
  parseWait,
} from "../http/request-headers";
import { clientAddress, protocolOf, type TrustedProxies } from "./guard/client";
import { type Added } from "./proxy/headers";
import { allowedTime, passedOn } from "../http/deadline";
import { type GatewayRoute } from "./table";

/** A request as it came in, with what the gateway has found out about it. */
export interface Arrival {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Path and query. */
  readonly url: string;
  readonly route: GatewayRoute;
  readonly aggregate: string | undefined;
  /** On the clock of `performance.now`. */
  readonly started: number;
  readonly deadline: number;
  readonly client: string;
  readonly protocol: "http" | "https";
  readonly correlationId: string;
  /** The address to tell the service; none when the request counts as this machine's own. */
  readonly forwardedFor: string | undefined;
  /** This request as traces have it. */
  readonly span: TracedSpan | undefined;
}

export interface ArrivalOptions {
  readonly proxies: TrustedProxies | undefined;
  /** The gateway listens on this machine alone. */
  readonly onLoopback: boolean;
}

export function arrivalOf(
  request: IncomingMessage,
  response: ServerResponse,
  url: string,
  taken: { readonly route: GatewayRoute; readonly aggregate: string | undefined },
  started: number,
  { proxies, onLoopback }: ArrivalOptions,
): Arrival {
  const { headers, socket } = request;
  const remote = socket.remoteAddress;
  const client = clientAddress(remote, oneOf(headers["x-forwarded-for"]), proxies);
  const { route, aggregate } = taken;
  const time = allowedTime(
    route.deadline,
    route.waits ? parseWait(headers.prefer) : undefined,
    parseDeadline(headers[DEADLINE_HEADER.toLowerCase()]),
  );
  const span =
    isTracing() && !route.endless
      ? beginSpan(
          `gateway ${request.method ?? "GET"} ${route.path}`,
          "server",
          parseTraceparent(headers["traceparent"]),
        )
      : undefined;
  return {
    request,
    response,
    url,
    route,
    aggregate,
    started,
    deadline: started + time,
    client,
    protocol: protocolOf(request, proxies),
    correlationId: parseCorrelationId(headers) ?? newId(),
    // Through a gateway that nobody else can reach, this machine's own requests stay what they are.
    forwardedFor: onLoopback && isLoopback(client) && isLocalRequest(headers) ? undefined : client,
    span,
  };
}

/** What is added for the service when so many ms are left. */
export const addedTo = (arrival: Arrival, left: number, consistencyToken?: string): Added => ({
  forwardedFor: arrival.forwardedFor,
  protocol: arrival.protocol,
  correlationId: arrival.correlationId,
  deadline: passedOn(left),
  consistencyToken,
  traceparent: arrival.span?.traceparent,
});

const oneOf = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header.join(",") : header;
