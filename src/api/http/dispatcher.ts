import { setMaxListeners } from "node:events";
import { type KeyObject } from "node:crypto";
import { type IncomingMessage, type ServerResponse } from "node:http";
import { parse as parseQuery } from "node:querystring";
import { beginSpan, isTracing, type Logger, logRequest, type Metrics, requestLevel } from "../../infra/observability";
import { type Audit, auditedOf } from "./audited";
import { type AccessOptions, authorise, authoriseCaller } from "./authorise";
import { ClientGone, readJson } from "./body";
import { tooLate } from "./deadline";
import { type Entry, PathTree } from "./path-tree";
import { Problem, problemOf } from "./problem";
import { type AnyReply, EVENTS_TYPE } from "./reply";
import { RequestContext } from "./request-context";
import { takes } from "./request-headers";
import { type Method, type Route } from "./route";
import { send, sendProblem } from "./send";
import { check } from "./validation";

export interface DispatcherOptions extends AccessOptions {
  readonly log: Logger;
  readonly metrics?: Metrics;
  /** Fires when the process is to stop: answers that have no end of their own end then. */
  /** Makes the fingerprints of commands, so that nobody can find out by trying what was sent. */
  readonly fingerprintKey?: KeyObject | undefined;
  readonly ending?: AbortSignal;
  /** Told of refused requests, and of those of the back office that are to change something. */
  readonly audit?: Audit | undefined;
}

/** What machines ask all the time, and what goes on for as long as the caller likes, is not traced. */
const QUIET = /^\/(?:health|metrics|internal)|\/(?:live|changes)$/;

/** Takes a request through its route: find → authorise → check → handle → send. */
export class Dispatcher {
  private readonly tree: PathTree;

  constructor(
    routes: readonly Route[],
    private readonly options: DispatcherOptions,
  ) {
    this.tree = new PathTree(routes);
    // Every connection that has no end of its own listens to it.
    if (options.ending) setMaxListeners(0, options.ending);
  }

  /** Answers the request, or calls `next` when no route has its path. */
  handle(request: IncomingMessage, response: ServerResponse, next: () => void): void {
    const url = request.url ?? "/";
    const mark = url.indexOf("?");
    const path = mark < 0 ? url : url.slice(0, mark);
    const found = this.tree.find(path);
    if (found === undefined) return next();
    const { place, values } = found;
    const { log, ending, fingerprintKey } = this.options;
    const entry = place.routes[(request.method === "HEAD" ? "GET" : request.method) as Method];
    const context = new RequestContext(request, response, path, entry?.route, log, ending, fingerprintKey);
    if (isTracing() && !QUIET.test(place.pattern))
      context.span = beginSpan(`${request.method ?? "GET"} ${place.pattern}`, "server", context.traceparent);
    if (entry === undefined) return this.refuseMethod(context, place.pattern, place.allow);
    try {
      const ready = this.prepare(context, entry, values, mark < 0 ? "" : url.slice(mark + 1));
      const reply = ready === undefined ? entry.route.handler(context) : ready.then(() => entry.route.handler(context));
      if (reply instanceof Promise) this.finishLater(context, entry.route, inTime(context, reply));
      else {
        const sending = this.deliver(context, reply);
        if (sending === undefined) this.record(context, entry.route.path);
        else
          this.finishLater(
            context,
            entry.route,
            sending.then(() => undefined),
          );
      }
    } catch (error) {
      this.fail(context, entry.route.path, error);
    }
  }

  /** Answers an error that arose outside of any route. */
  refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const path = (request.url ?? "/").replace(/\?.*/s, "");
    this.fail(new RequestContext(request, response, path, undefined, this.options.log), "none", error);
  }

  /** Everything before the handler; a promise when something has to be waited for. */
  private prepare(
    context: RequestContext,
    entry: Entry,
    values: readonly string[],
    query: string,
  ): void | Promise<void> {
    const { route } = entry;
    const { headers } = context.request;
    if (!takes(headers.accept, route.produces)) throw notAcceptable(route.produces);
    const admitted = authorise(context, route.security, this.options);
    if (admitted !== undefined) return admitted.then(() => this.checkAll(context, entry, values, query));
    return this.checkAll(context, entry, values, query);
  }

  private checkAll(
    context: RequestContext,
    entry: Entry,
    values: readonly string[],
    query: string,
  ): void | Promise<void> {
    const { route, names } = entry;
    const { headers } = context.request;
    if (names.length > 0) {
      const params = decodeParams(names, values);
      context.params = route.params === undefined ? params : check(route.params, params, "path");
    }
    if (route.query !== undefined) context.query = check(route.query, parseQuery(query), "query");
    if (route.headers !== undefined) context.headers = check(route.headers, headers, "header");
    context.readHeaders();
    return route.body === undefined ? undefined : checkBody(context, route);
  }

  private finishLater(context: RequestContext, route: Route, reply: Promise<AnyReply | undefined>): void {
    reply
      .then((value) => (value === undefined ? undefined : this.deliver(context, value)))
      .then(
        () => this.record(context, route.path),
        (error: unknown) => this.fail(context, route.path, error),
      );
  }

  private deliver(context: RequestContext, reply: AnyReply): void | Promise<void> {
    const { metrics } = this.options;
    if ("headers" in reply) context.made = reply.headers?.["Location"];
    const security = context.route?.security ?? "public";
    if (("events" in reply || "stream" in reply) && security !== "public")
      context.stillAllowed = () => authoriseCaller(context, security, this.options);
    if (metrics && "events" in reply && !context.gone)
      context.response.once("close", metrics.beginLive(context.route?.path ?? "none"));
    return send(context, reply);
  }

  private refuseMethod(context: RequestContext, pattern: string, allow: string): void {
    const { method } = context.request;
    if (method === "OPTIONS") {
      void send(context, { status: 204, headers: { Allow: allow } });
      return this.record(context, pattern);
    }
    const problem = new Problem(
      405,
      "method-not-allowed",
      `${method ?? "This method"} is not possible here; ${allow} are.`,
      {
        headers: { Allow: allow },
      },
    );
    this.fail(context, pattern, problem);
  }

  private fail(context: RequestContext, pattern: string, error: unknown): void {
    const problem = problemOf(error);
    if (error instanceof ClientGone || context.gone) {
      this.tellAudit(context, problem.status, problem.code);
      return context.span?.end(error);
    }
    if (problem.status >= 500) context.log.error({ err: error, code: problem.code, route: pattern }, problem.message);
    if (context.response.headersSent) context.response.destroy();
    else sendProblem(context, problem);
    this.record(context, pattern, problem.code);
  }

  private tellAudit(context: RequestContext, status: number, code: string | undefined): void {
    const { audit } = this.options;
    const audited = audit && auditedOf(context, status, code);
    if (audited) audit(audited);
  }

  /** One observation and at most one line per request. */
  private record(context: RequestContext, pattern: string, code?: string): void {
    const { log, metrics } = this.options;
    const seconds = (performance.now() - context.started) / 1000;
    const { statusCode: status } = context.response;
    this.tellAudit(context, status, code);
    const method = context.request.method ?? "GET";
    metrics?.observeRequest(method, pattern, status, seconds);
    if (context.span !== undefined) {
      context.span.set({ "http.request.method": method, "http.route": pattern, "http.response.status_code": status });
      context.span.end(status >= 500 ? new Error() : undefined);
    }
    const level = requestLevel(pattern, seconds, () => mayLast(context));
    if (!log.isLevelEnabled(level)) return;
    const { correlationId, span } = context;
    const caller = callerOf(context.actor);
    logRequest(log, level, { correlationId, method, route: pattern, status, seconds, code, caller, trace: span?.traceId }); // prettier-ignore
  }
}

/** Whoever asks to wait, or for an answer without end, gets what they want. */
const mayLast = ({ wait, route }: RequestContext): boolean => wait !== undefined || route?.produces === EVENTS_TYPE;

/** What kind of caller it was: who it was is told to the log of events alone. */
const callerOf = (actor: string): string => /^[a-z-]*/.exec(actor)?.[0] ?? "";

function decodeParams(names: readonly string[], values: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {};
  for (let i = 0; i < names.length; i++) {
    const value = values[i] ?? "";
    params[names[i] ?? ""] = value.includes("%") ? decoded(value) : value;
  }
  return params;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new Problem(400, "malformed-url", "The path has a % that begins no valid escape.", { cause });
  }
}

async function checkBody(context: RequestContext, route: Route): Promise<void> {
  const body = await readJson(context.request, route.bodyLimit);
  if (body === undefined && route.bodyRequired)
    throw new Problem(400, "missing-body", "This needs a JSON body, and none was sent.");
  if (route.body !== undefined) context.body = check(route.body, body, "body");
}

const notAcceptable = (produces: string): Problem =>
  new Problem(406, "not-acceptable", `This answers ${produces}, which Accept rules out.`, {
    details: { available: [produces] },
  });

/** The reply, or a problem once it is late: what it waits for then, nobody hears of any more. */
function inTime(context: RequestContext, reply: Promise<AnyReply>): Promise<AnyReply> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(tooLate("What this needs"));
      context.expire();
    }, context.allowed).unref();
    reply.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: Error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
