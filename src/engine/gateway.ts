import {
  closeServer,
  Gateway,
  type GatewayConfig,
  gatewayServer,
  gatewayTable,
  listenAt,
  ownRoutes,
  registerFigures,
  systemNames,
} from "../api/gateway";
import { Dispatcher } from "../api/http/dispatcher";
import { MongoStores, registeredInstances } from "../infra/mongo";
import { type Logger, Metrics } from "../infra/observability";
import { pause } from "../infra/runtime";
import { ApiKeys, hashApiKey, isLoopback, type Principal } from "../infra/security";
import { describedRoutes } from "./touchpoints";

export { gatewayConfig } from "../api/gateway";

export interface GatewayProcessOptions {
  readonly host: string;
  readonly port: number;
  readonly config: GatewayConfig;
  readonly log: Logger;
  /** Where instances register; absent: they do not. */
  readonly mongo?: { readonly url: string; readonly prefix: string } | undefined;
  /** Opens the gateway's own figures to those who are not on this machine. */
  readonly adminKey?: string | undefined;
  /** ms that it goes on when it is to stop, while those in front of it turn elsewhere. */
  readonly drain?: number | undefined;
}

export interface RunningGateway {
  readonly url: string;
  readonly gateway: Gateway;
  reload(config: GatewayConfig): Promise<void>;
  stop(): Promise<void>;
}

/** What is under way when the gateway stops may take so long to end, in ms. */
const PATIENCE = 10_000;

/** The gateway, listening. */
export async function startGateway(options: GatewayProcessOptions): Promise<RunningGateway> {
  const { log, host, mongo, adminKey } = options;
  const services = describedRoutes();
  const metrics = new Metrics();
  const onLoopback = isLoopback(host);
  const stores = mongo && (await MongoStores.connect(mongo));
  const admin: Principal = { name: "admin", roles: ["admin"] };
  const known = adminKey === undefined ? undefined : hashApiKey(adminKey);
  const own: Dispatcher = new Dispatcher(
    ownRoutes(() => gateway, metrics, services),
    {
      log,
      metrics,
      apiKeys: new ApiKeys({ find: async (hash) => (hash === known ? admin : undefined) }),
      openOnLoopback: onLoopback,
    },
  );
  const gateway = new Gateway({
    table: gatewayTable(services),
    own,
    config: options.config,
    log,
    metrics,
    onLoopback,
    names: systemNames,
    registered: stores && (() => registeredInstances(stores)),
  });
  registerFigures(metrics, gateway);
  const server = gatewayServer(gateway.handle);
  try {
    await gateway.start();
    const url = await listenAt(server, options);
    return {
      url,
      gateway,
      reload: (config) => gateway.reload(config),
      async stop() {
        gateway.drain();
        if (options.drain) await pause(options.drain);
        await closeServer(server, PATIENCE);
        await gateway.close();
        await stores?.close();
      },
    };
  } catch (error) {
    await gateway.close();
    await stores?.close();
    throw error;
  }
}
