import { z } from "zod";
import { type Metrics } from "../../infra/observability";
import { documentationRoutes, ok, Problem, raw, route, type Route } from "../http";
import { HEALTHS } from "./fleet/instance";
import { type Gateway } from "./gateway";
import { httpRoutes } from "./http-routes";
import { isPassedOn, type ServiceRoutes } from "./table";

const shared = { method: "GET", tags: ["Operations"], cache: "no-store", heeds: [] } as const;
const forOperators = { roles: ["operator"], openOnLoopback: true } as const;
const statusSchema = <Status extends string>(status: Status) => z.object({ status: z.literal(status) });

const instanceSchema = z
  .object({
    url: z.string(),
    zone: z.string().nullable(),
    weight: z.int(),
    health: z.enum(HEALTHS),
    draining: z.boolean(),
    circuit: z.enum(["closed", "open", "half-open"]),
    inFlight: z.int(),
    requests: z.int().describe("Sent to it since the gateway knows it."),
    failures: z.int(),
  })
  .meta({ id: "GatewayInstance" });

const serviceSchema = z
  .object({
    name: z.string(),
    available: z.boolean(),
    limit: z.int().describe("Requests that it may work on at once; follows how long its answers take."),
    underWay: z.int(),
    waiting: z.int(),
    instances: z.array(instanceSchema),
  })
  .meta({ id: "GatewayService" });

/**
 * What the gateway answers itself: its health and figures, the services as it sees them, and the documentation of the
 * whole.
 */
export function ownRoutes(gateway: () => Gateway, metrics: Metrics, services: ServiceRoutes): readonly Route[] {
  const own = [...healthRoutes(gateway), ...operatorRoutes(gateway, metrics, services)];
  const whole = [...Object.values(services).flatMap((routes) => routes.filter(isPassedOn)), ...own];
  return [...own, ...documentationRoutes(whole)];
}

const healthRoutes = (gateway: () => Gateway): readonly Route[] => [
  route({
    ...shared,
    path: "/health/live",
    operationId: "isLive",
    summary: "Whether the gateway answers at all",
    security: "public",
    responses: { 200: { description: "It does", schema: statusSchema("live") } },
    handler: () => ok({ status: "live" as const }),
  }),
  route({
    ...shared,
    path: "/health/ready",
    operationId: "isReady",
    summary: "Whether requests can be sent here",
    description: "The gateway is not about to stop, and there is an instance of one service at least.",
    security: "public",
    responses: { 200: { description: "They can", schema: statusSchema("ready") } },
    refusals: { "not-ready": 503 },
    handler() {
      const { isDraining, fleet } = gateway();
      // One service away is no reason to turn away from the gateway: the others still answer.
      if (!isDraining && fleet.all.some(({ available }) => available)) return ok({ status: "ready" as const });
      const reason = isDraining ? "this gateway is about to stop" : "no service has an instance that can answer";
      return new Problem(503, "not-ready", `Not ready: ${reason}.`, { headers: { "Retry-After": "1" } });
    },
  }),
];

const operatorRoutes = (gateway: () => Gateway, metrics: Metrics, services: ServiceRoutes): readonly Route[] => [
  route({
    ...shared,
    path: "/metrics",
    operationId: "getMetrics",
    summary: "Figures for Prometheus",
    security: forOperators,
    responses: { 200: { description: "In its text format", mediaType: "text/plain; version=0.0.4; charset=utf-8" } },
    handler: async () => raw(await metrics.expose(), { contentType: metrics.contentType }),
  }),
  route({
    ...shared,
    path: "/gateway/v1/services",
    operationId: "listServices",
    summary: "Services and their instances as the gateway sees them",
    security: forOperators,
    responses: { 200: { description: "All of them", schema: z.object({ items: z.array(serviceSchema) }) } },
    handler: () => ok({ items: servicesOf(gateway()) }),
  }),
  route({
    ...shared,
    path: "/gateway/v1/http-routes",
    operationId: "listHttpRoutes",
    summary: "The routes as `HTTPRoute`s of the Kubernetes Gateway API",
    security: forOperators,
    responses: {
      200: { description: "All of them", schema: z.object({ items: z.array(z.record(z.string(), z.unknown())) }) },
    },
    handler: () => ok({ items: [...httpRoutes(services)] as unknown as Record<string, unknown>[] }),
  }),
];

function servicesOf({ fleet }: Gateway): z.input<typeof serviceSchema>[] {
  const now = performance.now();
  return fleet.all.map(({ name, available, admission, all }) => ({
    name,
    available,
    limit: admission.figures.limit,
    underWay: admission.figures.underWay,
    waiting: admission.figures.waiting,
    instances: all.map((instance) => ({
      url: instance.url,
      zone: instance.zone ?? null,
      weight: instance.weight,
      health: instance.health,
      draining: instance.draining,
      circuit: instance.circuit(now),
      inFlight: instance.inFlight,
      requests: instance.requests,
      failures: instance.failures,
    })),
  }));
}
