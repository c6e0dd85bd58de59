import { VERSION } from "../engine/register";
import { type Settings } from "../infra/config";
import { startTracing, type Tracing } from "../infra/observability";

/** Sends traces as the settings say; nothing when they name no collector. */
export function tracingOf(role: string, chosen: Settings): Tracing | undefined {
  const { otlpEndpoint: endpoint, otelServiceName: serviceName = `millrace-${role}`, otelSampling: ratio } = chosen;
  return endpoint === undefined ? undefined : startTracing({ endpoint, serviceName, version: VERSION, ratio });
}
