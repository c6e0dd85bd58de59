import { CONSISTENCY_HEADER } from "../http";
import { addedTo, type Arrival } from "./arrival";
import { type WrittenTokens } from "./cache/written";
import { type Service } from "./fleet/service";
import { bodyOf, CallerGone, type Body } from "./proxy/body";
import { CallerSink } from "./proxy/caller-sink";
import { forward, type Outcome } from "./proxy/forward";
import { headerOf, requestHeaders } from "./proxy/headers";

/**
 * Passes a request on to its service, and the answer back as it comes.
 * @throws Problem when the body is more than it may be
 */
export async function pass(
  arrival: Arrival,
  service: Service,
  extra: readonly string[],
  written: WrittenTokens,
): Promise<Outcome> {
  const { request, response, route, aggregate, url } = arrival;
  let body: Body;
  try {
    const incoming = bodyOf(request, route.bodyLimit);
    body = incoming instanceof Promise ? await incoming : incoming;
  } catch (error) {
    if (error instanceof CallerGone) return { kind: "gone" };
    throw error;
  }
  const token = route.levels ? written.beyond(aggregate, request.headers["consistency-token"], route.kind) : undefined;
  const key = request.headers["idempotency-key"];
  let sink: CallerSink | undefined;
  const outcome = await forward({
    service,
    route,
    // Repeats of what has no aggregate yet meet in one process too.
    aggregate: aggregate ?? (typeof key === "string" ? key : undefined),
    method: request.method ?? "GET",
    path: url,
    body,
    hasKey: key !== undefined,
    deadline: arrival.deadline,
    telling: request.headers.prefer === undefined && route.produces === "application/json",
    headers: (left) => requestHeaders(request.rawHeaders, addedTo(arrival, left, token)),
    sink: (takes) => (sink = new CallerSink(response, extra, takes)),
  });
  if (outcome.kind === "answered" && route.kind === "command" && outcome.status < 300 && sink !== undefined) {
    const reached = headerOf(sink.headers, CONSISTENCY_HEADER.toLowerCase());
    if (reached !== undefined) written.remember(aggregate, headerOf(sink.headers, "location"), reached);
  }
  return outcome;
}
