import { gatewayConfig, startGateway } from "../../src/engine/gateway";
import { type Shop, type ShopOptions, startShop } from "../../src/engine/shop";
import { settings } from "../../src/infra/config";

/** Instances behind a gateway that tests of the whole shop go through: `MILLRACE_TEST_GATEWAY=1` or `2`; 0: none. */
export const instancesBehindGateway = (): number => Number(process.env["MILLRACE_TEST_GATEWAY"] ?? 0);

/**
 * A shop behind a gateway, whose address it then has. A second instance only serves; the operations of the first, which
 * does the work, stay with that.
 */
export async function behindGateway(first: Shop, options: ShopOptions, instances: number): Promise<Shop> {
  const second =
    instances > 1 ? await startShop({ ...options, port: 0, work: [], beforeOpening: undefined }) : undefined;
  const both = second ? `${first.url},${second.url}` : first.url;
  const config = gatewayConfig(
    settings({
      GATEWAY_SERVICES: `*=${both};operations=${first.url}`,
      GATEWAY_HEALTH_INTERVAL: "250",
      // Machines that run tests are slow, and their rushes are meant.
      GATEWAY_WAIT: "30000",
    }),
  );
  const { host, port, log, adminKey, serviceKeys } = options;
  const gateway = await startGateway({ host, port, config, log, adminKey, serviceKey: serviceKeys?.key });
  return {
    ...first,
    url: gateway.url,
    async stop() {
      await gateway.stop();
      await second?.stop();
      await first.stop();
    },
  };
}
