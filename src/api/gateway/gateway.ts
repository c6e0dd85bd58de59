import { type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { type InstanceDocument } from "../../infra/mongo";
import { type Logger, logRequest, type Metrics, requestLevel } from "../../infra/observability";
import { newId } from "../../infra/runtime";
import { Problem, problemOf, type Refusal } from "../http";
import { type Dispatcher } from "../http/dispatcher";
import { parseCorrelationId } from "../http/request-headers";
import { type Arrival, arrivalOf } from "./arrival";
import { ChangeWatch } from "./cache/changes";
import { type PublicReads } from "./cache/public-reads";
import { WrittenTokens } from "./cache/written";
import { checkNames, type GatewayConfig } from "./config";
import { type Names } from "./discovery/dns";
import { Fleet } from "./fleet/fleet";
import { type StaticFiles } from "./files/read-files";
import { serveFile } from "./files/serve-file";
import { credentialOf, protocolOf } from "./guard/client";
import { allowedOrigin, corsHeaders, dependsOnOrigin, preflightHeaders } from "./guard/cors";
import { refusalOf } from "./guard/request-check";
import { type Limiter, rateHeaders, type Ruling } from "./limits/limiter";
import { rateLimited, tooMany } from "./limits/rate-limited";
import { type Counts, LimitSharing } from "./limits/sharing";
import { pass } from "./pass";
import { filesOf, type Policies, policiesOf } from "./policies";
import { answerPublic, askOf } from "./public-route";
import { sendProblem } from "./refuse";
import { type GatewayRoute, type Match, RouteFinder } from "./table";

export interface GatewayOptions {
  readonly table: readonly GatewayRoute[];
  /** Routes of the gateway itself. */
  readonly own: Dispatcher;
  readonly config: GatewayConfig;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** It listens on this machine alone. */
  readonly onLoopback: boolean;
  readonly names: (servers: readonly string[]) => Names;
  readonly registered?: (() => Promise<readonly InstanceDocument[]>) | undefined;
  /** Through which gateways keep their limits together; absent: each keeps its own. */
  readonly counts?: Counts | undefined;
  /** The token that shows a service that a request comes from here; none when absent. */
  readonly sign?: ((service: string) => string) | undefined;
  /** Is told of requests that were refused here, for the audit trail. */
  readonly refused?: ((refusal: Refusal) => void) | undefined;
}

const HSTS = ["Strict-Transport-Security", "max-age=31536000; includeSubDomains"] as const;

/** One address for every touchpoint: takes each request to an instance of the service that has its route. */
export class Gateway {
  readonly fleet: Fleet;
  readonly changes = new ChangeWatch();
  readonly written = new WrittenTokens();
  private readonly finder: RouteFinder;
  private policies: Policies;
  private files: StaticFiles = new Map();
  private draining = false;
  private readonly sharing: LimitSharing | undefined;
  private readonly endless = new Set<ServerResponse>();

  constructor(private readonly options: GatewayOptions) {
    checkNames(options.config, options.table);
    this.finder = new RouteFinder(options.table);
    this.policies = policiesOf(options.config, undefined, this.changes);
    const { counts, log } = options;
    this.sharing =
      counts &&
      new LimitSharing(
        () => this.policies.limiter,
        counts,
        (message, details) => log.warn(details, message),
      );
    this.fleet = new Fleet({ ...options, changes: this.changes, services: servicesOf(options.table) });
  }

  /** Resolves when instances are known and have been asked whether they are ready. */
  async start(): Promise<void> {
    this.files = await filesOf(this.options.config);
    await this.fleet.start(this.options.config);
  }

  /** From now on with these settings. Requests under way end with those that they began with. */
  async reload(config: GatewayConfig): Promise<void> {
    checkNames(config, this.options.table);
    this.files = await filesOf(config);
    this.policies = policiesOf(config, this.policies, this.changes);
    await this.fleet.start(config);
    this.options.log.info("the gateway has new settings");
  }

  /** From now on every answer asks its caller to connect anew, elsewhere. */
  drain(): void {
    this.draining = true;
  }

  /** Breaks off answers that have no end of their own, so that their callers connect anew. */
  endEndless(): void {
    for (const response of this.endless) response.destroy();
  }

  get isDraining(): boolean {
    return this.draining;
  }

  get reads(): PublicReads {
    return this.policies.reads;
  }

  get limiter(): Limiter {
    return this.policies.limiter;
  }

  async close(): Promise<void> {
    this.changes.stop();
    await this.sharing?.stop();
    await this.fleet.close();
  }

  readonly handle: RequestListener = (request, response) => {
    const started = performance.now();
    if (this.draining) response.shouldKeepAlive = false;
    const refusal = refusalOf(request);
    if (refusal !== undefined) {
      // Where such a request ends is not certain.
      response.shouldKeepAlive = false;
      return this.refuse(request, response, refusal, { started, pattern: "none" });
    }
    const url = request.url ?? "/";
    const mark = url.indexOf("?");
    const match = this.finder.find(request.method ?? "GET", mark < 0 ? url : url.slice(0, mark));
    switch (match.found) {
      case "nothing":
        return this.options.own.handle(request, response, () => this.otherwise(request, response, url, started));
      case "path":
        return this.withoutRoute(request, response, match, started);
      case "route": {
        const arrival = arrivalOf(request, response, url, match.taken, started, {
          proxies: this.policies.config.proxies,
          onLoopback: this.options.onLoopback,
        });
        this.take(arrival)
          .catch((error: unknown) => this.fail(arrival, error))
          .finally(() => endSpan(arrival));
      }
    }
  };

  /** A path that no route has: a file, or nothing. */
  private otherwise(request: IncomingMessage, response: ServerResponse, url: string, started: number): void {
    const extra = protocolOf(request, this.policies.config.proxies) === "https" ? HSTS : [];
    if (serveFile(request, response, this.files, url.replace(/\?.*/s, ""), extra)) {
      return this.done(request, response.statusCode, { started, pattern: "files" });
    }
    this.refuse(request, response, unknownRoute(), { started, pattern: "none" });
  }

  private async take(arrival: Arrival): Promise<void> {
    const { policies } = this;
    const { request, route } = arrival;
    const service = this.fleet.service(route.service);
    const ruling = policies.limiter.isOff ? undefined : policies.limiter.ask(askingOf(arrival));
    const extra = this.extraHeaders(arrival, policies, ruling);
    if (ruling?.admitted === false) {
      this.options.refused?.(rateLimited(arrival));
      return this.fail(arrival, tooMany(ruling), extra);
    }
    if (service === undefined) return this.fail(arrival, unknownRoute(), extra);
    const ask = route.cacheable && policies.config.cacheSize > 0 ? askOf(arrival) : undefined;
    if (ask !== undefined) {
      const answered = answerPublic(arrival, ask, service, policies.reads, this.changes, extra);
      const result = answered instanceof Promise ? await answered : answered;
      if (result.kind === "answered") return this.record(arrival);
      if (result.kind === "refused") return this.fail(arrival, result.problem, extra);
    }
    if (route.endless) {
      const { response } = arrival;
      this.endless.add(response);
      response.once("close", () => this.endless.delete(response));
    }
    const outcome = await pass(arrival, service, extra, this.written);
    if (outcome.kind === "refused") return this.fail(arrival, outcome.problem, extra);
    if (outcome.kind === "answered") this.record(arrival, outcome.attempts);
    else this.done(request, GONE, aboutOf(arrival));
  }

  /** A path that has routes, but none for the method. */
  private withoutRoute(
    request: IncomingMessage,
    response: ServerResponse,
    { touchpoint, allow, pattern }: Extract<Match, { readonly found: "path" }>,
    started: number,
  ): void {
    const { cors } = this.policies.config;
    const { origin } = request.headers;
    if (request.method === "OPTIONS") {
      const asks = origin !== undefined && request.headers["access-control-request-method"] !== undefined;
      const allowed = asks ? allowedOrigin(cors, touchpoint, origin) : undefined;
      const vary = asks && dependsOnOrigin(cors, touchpoint) ? ["Vary", "Origin"] : [];
      response.writeHead(204, ["Allow", allow, ...(allowed ? preflightHeaders(allowed, allow) : []), ...vary]);
      response.end();
      return this.done(request, 204, { started, pattern });
    }
    const allowed = allowedOrigin(cors, touchpoint, origin);
    const extra = allowed === undefined ? [] : corsHeaders(allowed);
    const { method = "This method" } = request;
    const problem = new Problem(405, "method-not-allowed", `${method} is not possible here; ${allow} are.`, {
      headers: { Allow: allow },
    });
    this.refuse(request, response, problem, { started, pattern, extra });
  }

  private extraHeaders(arrival: Arrival, { config }: Policies, ruling: Ruling | undefined): readonly string[] {
    const { request, route, protocol } = arrival;
    const extra: string[] = [];
    const { origin } = request.headers;
    if (origin !== undefined) {
      const allowed = allowedOrigin(config.cors, route.touchpoint, origin);
      if (allowed !== undefined) extra.push(...corsHeaders(allowed));
      if (dependsOnOrigin(config.cors, route.touchpoint)) extra.push("Vary", "Origin");
    }
    if (ruling !== undefined) extra.push(...rateHeaders(ruling));
    if (protocol === "https") extra.push(...HSTS);
    return extra;
  }

  private fail(arrival: Arrival, error: unknown, extra: readonly string[] = []): void {
    this.refuse(arrival.request, arrival.response, error, { ...aboutOf(arrival), extra });
  }

  private refuse(request: IncomingMessage, response: ServerResponse, error: unknown, about: About): void {
    if (response.destroyed || response.headersSent) return void response.destroy();
    const { extra = [], correlationId = parseCorrelationId(request.headers) ?? newId() } = about;
    const problem = problemOf(error);
    const { status, code, cause } = problem;
    if (status >= 500) {
      const told = { correlationId, method: request.method, route: about.pattern, status, code, err: cause };
      this.options.log[status === 500 ? "error" : "warn"](told, problem.message);
    }
    sendProblem(request, response, problem, correlationId, extra);
    this.done(request, status, { ...about, correlationId, code });
  }

  private record(arrival: Arrival, attempts?: number): void {
    this.done(arrival.request, arrival.response.statusCode, aboutOf(arrival), attempts);
  }

  /** One observation and one line per request. */
  private done(request: IncomingMessage, status: number, about: About, attempts?: number): void {
    const { log, metrics } = this.options;
    const { pattern: route, started, arrival, code } = about;
    const method = request.method ?? "GET";
    const seconds = (performance.now() - started) / 1_000;
    metrics.observeRequest(method, route, status, seconds);
    const level = requestLevel(route, seconds, () => arrival?.route.waits === true || arrival?.route.endless === true);
    if (!log.isLevelEnabled(level)) return;
    const { correlationId = parseCorrelationId(request.headers) ?? newId() } = about;
    const trace = arrival?.span?.traceId;
    logRequest(log, level, { correlationId, method, route, status, seconds, code, trace, service: arrival?.route.service, attempts }); // prettier-ignore
  }
}

/** The caller left before it was answered. */
const GONE = 499;

function endSpan({ span, route, request, response }: Arrival): void {
  if (span === undefined) return;
  const { statusCode } = response;
  span.set({
    "http.request.method": request.method ?? "GET",
    "http.route": route.path,
    "http.response.status_code": statusCode,
    "millrace.service": route.service,
  });
  span.end(statusCode >= 500 ? new Error() : undefined);
}

/** What is known of a request at its end. */
interface About {
  readonly started: number;
  readonly pattern: string;
  readonly extra?: readonly string[];
  readonly correlationId?: string;
  readonly code?: string;
  /** Where it got as far as a route. */
  readonly arrival?: Arrival;
}

const aboutOf = (arrival: Arrival): About => ({
  started: arrival.started,
  pattern: arrival.route.path,
  correlationId: arrival.correlationId,
  arrival,
});

const servicesOf = (table: readonly GatewayRoute[]): ReadonlyMap<string, { readonly kept: boolean }> => {
  const services = new Map<string, { kept: boolean }>();
  for (const { service, cacheable } of table) services.set(service, { kept: services.get(service)?.kept || cacheable });
  return services;
};

const askingOf = ({ client, request, route }: Arrival) => ({
  client,
  credential: credentialOf(request.headers),
  operationId: route.operationId,
});

const unknownRoute = (): Problem => new Problem(404, "unknown-route", "There is nothing at this address.");
