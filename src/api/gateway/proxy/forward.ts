import { tooLate } from "../../http/deadline";
import { Problem } from "../../http";
import { type Instance } from "../fleet/instance";
import { type Service } from "../fleet/service";
import { isPassing, mayRepeat, MOST_ATTEMPTS } from "../resilience/retry";
import { type GatewayRoute } from "../table";
import { type Asked, attempt, type Ended, type Sink } from "./attempt";
import { type Body, isStream } from "./body";

/** A request on its way to a service. */
export interface Forwarded {
  readonly service: Service;
  readonly route: GatewayRoute;
  /** What its commands meet by. */
  readonly aggregate: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly body: Body;
  readonly hasKey: boolean;
  /** When the answer must have begun, on the clock of `performance.now`. */
  readonly deadline: number;
  /** Whether the time that the answer takes says anything about how busy the service is. */
  readonly telling: boolean;
  /** Headers for one attempt, with so many ms left. */
  headers(left: number): string[];
  /** A sink for one attempt. `takes`: whether an answer of this status is to be passed on. */
  sink(takes: (status: number) => boolean, instance: Instance): Sink;
}

/** What became of it; an error has not been answered yet. */
export type Outcome =
  | { readonly kind: "answered"; readonly status: number; readonly instance: Instance; readonly attempts: number }
  | { readonly kind: "refused"; readonly problem: Problem; readonly attempts: number }
  | { readonly kind: "gone" };

/** Seconds after which a service that is away or too busy may be asked again. */
const COME_BACK = 1;

/** With less of the route's own time than this, since the caller has no patience, an instance is not to blame. */
const FAIR = 0.5;

/** A 503 that comes within this time, in ms, may be another one elsewhere. */
const QUICK = 1_000;

/** Lets the request in, sends it to an instance, and to another where that is safe. Never rejects. */
export async function forward(forwarded: Forwarded): Promise<Outcome> {
  const { service, telling } = forwarded;
  const admission = telling ? service.admission : service.patient;
  const admitted = admission.enter();
  if (!(typeof admitted === "boolean" ? admitted : await admitted)) return refused(overloaded(service.name), 0);
  try {
    return await attempts(forwarded);
  } finally {
    admission.leave();
  }
}

async function attempts(forwarded: Forwarded): Promise<Outcome> {
  const { service, route, aggregate } = forwarded;
  const tried = new Set<Instance>();
  let last: Extract<Ended, { kind: "failed" }> | undefined;
  service.budget.request();
  for (let number = 1; ; number++) {
    const instance = service.choose({ kind: route.kind, aggregate }, tried);
    if (instance === undefined) return refused(last ? problemOf(service.name, last) : away(service.name), number - 1);
    const left = forwarded.deadline - performance.now();
    if (left <= 0) return refused(late(service.name), number - 1);
    const began = performance.now();
    const ended = await once(forwarded, instance, left, (status) => {
      if (!isPassing(status) || number >= MOST_ATTEMPTS || isStream(forwarded.body)) return true;
      if (!mayRepeat(route, { kind: "status" }, forwarded.hasKey)) return true;
      // Whoever thought long about its no has waited for what the others would wait for as well.
      if (performance.now() - began > QUICK) return true;
      const another = service.choose({ kind: route.kind, aggregate }, new Set([...tried, instance]));
      return another === undefined || !service.budget.retry(performance.now());
    });
    if (ended.kind === "gone") return ended;
    if (ended.kind === "answered") return { kind: "answered", status: ended.status, instance, attempts: number };
    last = ended;
    tried.add(instance);
    // An answer that was not passed on was refused because it may be repeated, and has paid for that.
    if (ended.failure.kind === "status") continue;
    if (!again(forwarded, ended, number)) return refused(problemOf(service.name, ended), number);
  }
}

function again({ service, route, body, hasKey }: Forwarded, ended: Extract<Ended, { kind: "failed" }>, number: number) {
  if (number >= MOST_ATTEMPTS || ended.error instanceof Problem) return false;
  // What of a body has gone by cannot be sent again; as long as nothing was asked for it is all there.
  if (isStream(body) && (ended.failure.kind !== "unreachable" || body.readableDidRead)) return false;
  return mayRepeat(route, ended.failure, hasKey) && service.budget.retry(performance.now());
}

async function once(
  forwarded: Forwarded,
  instance: Instance,
  left: number,
  takes: (status: number) => boolean,
): Promise<Ended> {
  const { service, method, path, body, route } = forwarded;
  const asked: Asked = { method, path, body, headers: forwarded.headers(left), time: left, endless: route.endless };
  instance.inFlight++;
  instance.requests++;
  instance.breaker.begin(performance.now());
  const ended = await attempt(instance, asked, forwarded.sink(takes, instance));
  instance.inFlight--;
  if (ended.kind === "answered" && forwarded.telling) service.answered(ended.took);
  service.judge(instance, ended, left >= route.deadline * FAIR);
  return ended;
}

const refused = (problem: Problem, attempts: number): Outcome => ({ kind: "refused", problem, attempts });

function problemOf(service: string, { failure, error, status }: Extract<Ended, { kind: "failed" }>): Problem {
  if (error instanceof Problem) return error;
  switch (failure.kind) {
    case "late":
      return late(service);
    case "unreachable":
      return away(service, error);
    case "status":
      return away(service, new Error(`the last instance answered ${status ?? "nothing"}`));
    case "broken":
      return new Problem(502, "bad-gateway", `The service ${service} broke off. Nothing is known about the outcome.`, {
        cause: error,
      });
  }
}

const comeBack = { headers: { "Retry-After": String(COME_BACK) } };

export const away = (service: string, cause?: unknown): Problem =>
  new Problem(503, "service-unavailable", `No instance of the service ${service} can answer now. Try again.`, {
    ...comeBack,
    details: { service },
    cause,
  });

export const overloaded = (service: string): Problem =>
  new Problem(503, "overloaded", `The service ${service} has more to do than it can. Try again.`, {
    ...comeBack,
    details: { service },
  });

const late = (service: string): Problem => tooLate(`The service ${service}`);
