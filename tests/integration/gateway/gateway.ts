import { startGateway, gatewayConfig, type RunningGateway } from "../../../src/engine/gateway";
import { settings } from "../../../src/infra/config";
import { collectedLog } from "../../support/collected-logs";
import { Caller } from "../../support/http";
import { type Upstream } from "./upstream";

/** A gateway before small instances, with a caller. */
export interface TestGateway extends RunningGateway {
  readonly caller: Caller;
}

export type Environment = Readonly<Record<string, string>>;

/** Instances are asked after their health often, so that tests need not wait. */
const QUICK: Environment = { GATEWAY_HEALTH_INTERVAL: "50", GATEWAY_CACHE_MB: "8" };

export const configOf = (environment: Environment) => gatewayConfig(settings({ ...QUICK, ...environment }));

/** `cart`, or each of `storefront,cart`, at each of the instances. */
export const at = (services: string, ...upstreams: readonly Upstream[]): string =>
  services
    .split(",")
    .map((service) => `${service}=${upstreams.map(({ url }) => url).join(",")}`)
    .join(";");

export async function startTestGateway(
  environment: Environment,
  options: Partial<Parameters<typeof startGateway>[0]> = {},
): Promise<TestGateway> {
  const running = await startGateway({
    host: "127.0.0.1",
    port: 0,
    config: configOf(environment),
    log: collectedLog(),
    ...options,
  });
  const caller = new Caller(running.url);
  return {
    ...running,
    caller,
    async stop() {
      await caller.close();
      await running.stop();
    },
  };
}
