import { gatewayConfig, startGateway } from "../../src/engine/gateway";
import { type Shop, type ShopOptions, startShop } from "../../src/engine/shop";
import { settings } from "../../src/infra/config";

/** Whether tests of the whole shop reach it through the gateway: `MILLRACE_TEST_GATEWAY=1`. */
export const throughGateway = (): boolean => process.env["MILLRACE_TEST_GATEWAY"] === "1";

/**
 * A shop as several processes would run it: beside the given one a second instance that only serves, and a gateway that
 * sends requests to both. Its address is the gateway's.
 */
export async function behindGateway(first: Shop, options: ShopOptions): Promise<Shop> {
  const second = await startShop({ ...options, port: 0, work: [], beforeOpening: undefined });
  const config = gatewayConfig(
    settings({ GATEWAY_SERVICES: `*=${first.url},${second.url}`, GATEWAY_HEALTH_INTERVAL: "250" }),
  );
  const gateway = await startGateway({
    host: options.host,
    port: options.port,
    config,
    log: options.log,
    adminKey: options.adminKey,
  });
  return {
    ...first,
    url: gateway.url,
    async stop() {
      await gateway.stop();
      await second.stop();
      await first.stop();
    },
  };
}
