import { CONSISTENCY_HEADER, decodeToken, encodeToken, Problem } from "../http";
import { matchesAny } from "../http/conditional";
import { takes, takesGzip } from "../http/request-headers";
import { type Arrival } from "./arrival";
import { type ChangeWatch } from "./cache/changes";
import { CollectSink } from "./cache/collect-sink";
import { type Collected, type Entry } from "./cache/entry";
import { type Origin } from "./cache/freshness";
import { type Fetch, type How, type PublicReads } from "./cache/public-reads";
import { type Service } from "./fleet/service";
import { forward } from "./proxy/forward";
import { passedOn } from "../http/deadline";

/** What became of a public read; `bypass`: it is to be sent to the service as it is. */
export type Result = { readonly kind: "answered" } | { readonly kind: "bypass" } | { readonly kind: "refused"; readonly problem: Problem }; // prettier-ignore

const ANSWERED: Result = { kind: "answered" };
const BYPASS: Result = { kind: "bypass" };

interface Ask {
  readonly key: string;
  readonly token: bigint | undefined;
  readonly anew: boolean;
  readonly packed: boolean;
}

/** What a request asks of the kept answers; `undefined` when only the service itself can answer it. */
export function askOf({ request, url, route }: Arrival): Ask | undefined {
  const { headers } = request;
  if (headers["range"] !== undefined || !takes(headers.accept, route.produces)) return undefined;
  const token = tokenOf(headers["consistency-token"]);
  if (token === null) return undefined;
  const packed = takesGzip(headers["accept-encoding"]);
  const anew = /\bno-(?:cache|store)\b/.test(headers["cache-control"] ?? "") || headers["pragma"] === "no-cache";
  return { key: `${route.service} ${packed ? "gzip" : "plain"} ${url}`, token, anew, packed };
}

/** `null` for a token that is none: the service says what is wrong with it. */
function tokenOf(header: string | string[] | undefined): bigint | undefined | null {
  if (header === undefined) return undefined;
  try {
    return decodeToken(String(header));
  } catch {
    return null;
  }
}

/** Answers a read that is the same for everybody, from what is kept where that will do. */
export function answerPublic(
  arrival: Arrival,
  ask: Ask,
  service: Service,
  reads: PublicReads,
  changes: ChangeWatch,
  extra: readonly string[],
): Result | Promise<Result> {
  const served = reads.serve(ask.key, ask, fetchFor(arrival, ask, service, changes));
  const finish = (result: Awaited<typeof served>): Result => {
    if ("problem" in result) return { kind: "refused", problem: result.problem };
    if ("bypass" in result) return BYPASS;
    if ("own" in result) sendOwn(arrival, result.own, extra);
    else sendEntry(arrival, result.entry, result.how, extra);
    return ANSWERED;
  };
  return served instanceof Promise ? served.then(finish) : finish(served);
}

/** Asks on behalf of everybody: nothing that says who asked goes with it. */
function fetchFor(arrival: Arrival, { packed }: Ask, service: Service, changes: ChangeWatch): Fetch {
  const { route, url, deadline, correlationId } = arrival;
  return async ({ etag, token }) => {
    let sink: CollectSink | undefined;
    let origin: Origin | undefined;
    const outcome = await forward({
      service,
      route,
      aggregate: undefined,
      method: "GET",
      path: url,
      body: undefined,
      hasKey: false,
      deadline,
      telling: true,
      headers: (left) => [
        "Accept",
        route.produces,
        "Accept-Encoding",
        packed ? "gzip" : "identity",
        "X-Correlation-Id",
        correlationId,
        "Request-Timeout",
        passedOn(left),
        ...(etag === undefined ? [] : ["If-None-Match", etag]),
        ...(token === undefined ? [] : [CONSISTENCY_HEADER, encodeToken(token)]),
      ],
      sink(takesStatus, instance) {
        // As it was before the question: what changes meanwhile may be missing in the answer.
        const generation = changes.generation(instance.key);
        origin = generation === undefined ? undefined : { instance: instance.key, generation };
        return (sink = new CollectSink(takesStatus));
      },
    });
    if (outcome.kind === "refused") return { problem: outcome.problem };
    const body = sink?.body;
    if (outcome.kind === "gone" || sink === undefined || body === undefined)
      return { problem: brokenOff(service.name) };
    return { answer: { status: sink.status, headers: sink.headers, body, origin } };
  };
}

const brokenOff = (service: string): Problem =>
  new Problem(502, "bad-gateway", `The service ${service} broke off in its answer. Try again.`);

function sendEntry(arrival: Arrival, entry: Entry, how: How, extra: readonly string[]): void {
  const { request, response, correlationId } = arrival;
  if (response.destroyed) return;
  const age = Math.max(0, Math.floor((performance.now() - entry.storedAt) / 1_000));
  const own = ["Age", String(age), "Cache-Status", `millrace; ${how}`, "X-Correlation-Id", correlationId, ...extra];
  const known = request.headers["if-none-match"];
  if (known !== undefined && entry.etag !== undefined && matchesAny(known, entry.etag)) {
    response.writeHead(304, [...withoutContent(entry.headers), ...own]);
    response.end();
    return;
  }
  response.writeHead(200, [...entry.headers, ...own]);
  if (request.method === "HEAD") response.end();
  else response.end(entry.body);
}

function sendOwn({ request, response }: Arrival, { status, headers, body }: Collected, extra: readonly string[]): void {
  if (response.destroyed) return;
  response.writeHead(status, [...headers, ...extra]);
  if (request.method === "HEAD" || status === 304) response.end();
  else response.end(body);
}

function withoutContent(headers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2)
    if (!/^content-(?:length|type|encoding)$/i.test(headers[i] ?? ""))
      kept.push(headers[i] ?? "", headers[i + 1] ?? "");
  return kept;
}
