import { z } from "zod";
import { type Metrics } from "../../infra/observability";
import { ok, Problem, raw, route, type Route } from "../http";
import { registerFigures } from "./figures";
import { describe, Health } from "./health";
import { type OperatedEngine } from "./operated-engine";

const shared = { method: "GET", tags: ["Operations"], cache: "no-store", heeds: [] } as const;
const statusSchema = <Status extends string>(status: Status) => z.object({ status: z.literal(status) });

/**
 * Health and figures. Whoever starts and stops processes has no API key, and learns no more from health than whether to
 * send requests here, so that everybody may ask.
 */
export function healthRoutes(
  engine: OperatedEngine,
  metrics: Metrics,
  isDraining: () => boolean = () => false,
): readonly Route[] {
  const health = new Health(engine);
  registerFigures(metrics, engine);
  return [
    route({
      ...shared,
      path: "/health/live",
      operationId: "isLive",
      summary: "Whether the process answers at all",
      security: "public",
      responses: { 200: { description: "It does", schema: statusSchema("live") } },
      handler: () => ok({ status: "live" as const }),
    }),
    route({
      ...shared,
      path: "/health/ready",
      operationId: "isReady",
      summary: "Whether requests can be sent here",
      description: "Both stores answer, and every read model kept by this process has caught up once.",
      security: "public",
      responses: { 200: { description: "They can", schema: statusSchema("ready") } },
      refusals: { "not-ready": 503 },
      async handler() {
        if (isDraining())
          throw new Problem(503, "not-ready", "Not ready: this process is about to stop.", {
            headers: { "Retry-After": "1" },
          });
        const missing = await health.missing();
        if (missing.length === 0) return ok({ status: "ready" as const });
        return new Problem(503, "not-ready", describe(missing), {
          details: { missing },
          headers: { "Retry-After": "1" },
        });
      },
    }),
    route({
      ...shared,
      path: "/metrics",
      operationId: "getMetrics",
      summary: "Figures for Prometheus",
      security: { roles: ["operator"], openOnLoopback: true },
      responses: { 200: { description: "In its text format", mediaType: "text/plain; version=0.0.4; charset=utf-8" } },
      handler: async () => raw(await metrics.expose(), { contentType: metrics.contentType }),
    }),
  ];
}
