import { CONTEXTS } from "../../src/engine/contexts";
import { gatewayConfig, startGateway } from "../../src/engine/gateway";
import { type Shop, type ShopOptions, startShop } from "../../src/engine/shop";
import { settings } from "../../src/infra/config";

/** What stands behind a gateway that tests of the whole shop go through. */
export type BehindGateway = "nothing" | "one" | "two" | "contexts";

/**
 * `MILLRACE_TEST_GATEWAY`: `1` or `2` instances of everything behind a gateway, or `contexts`: each bounded context served
 * by itself, where it opens no database but its own. Without it there is no gateway.
 */
export function behindTheGateway(said = process.env["MILLRACE_TEST_GATEWAY"] ?? "0"): BehindGateway {
  const known = { 0: "nothing", 1: "one", 2: "two", contexts: "contexts" } as const;
  if (Object.hasOwn(known, said)) return known[said as keyof typeof known];
  throw new Error(`MILLRACE_TEST_GATEWAY must be 0, 1, 2 or contexts, not "${said}".`);
}

/**
 * A shop behind a gateway, whose address it then has. What is started beside the first one only serves; the operations of
 * the first, which does the work, stay with that.
 */
export async function behindGateway(first: Shop, options: ShopOptions, behind: BehindGateway): Promise<Shop> {
  const serving: ShopOptions = { ...options, port: 0, work: [], beforeOpening: undefined };
  const others = await Promise.all(
    behind === "contexts"
      ? CONTEXTS.filter((name) => name !== "operations").map((name) =>
          startShop({ ...serving, serve: [name], only: [name] }).then((shop) => [name, shop] as const),
        )
      : behind === "two"
        ? [startShop(serving).then((shop) => ["*", shop] as const)]
        : [],
  );
  const places = others.map(([name, { url }]) => (name === "*" ? `*=${first.url},${url}` : `${name}=${url}`));
  const config = gatewayConfig(
    settings({
      GATEWAY_SERVICES: [...places, ...(behind === "one" ? [`*=${first.url}`] : []), `operations=${first.url}`].join(
        ";",
      ),
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
      await Promise.all(others.map(([, shop]) => shop.stop()));
      await first.stop();
    },
  };
}
