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
import { type TlsFiles } from "../api/http";
import { Dispatcher } from "../api/http/dispatcher";
import { MongoStores, registeredInstances, SharedCounts } from "../infra/mongo";
import { type Logger, Metrics } from "../infra/observability";
import { pause } from "../infra/runtime";
import { ApiKeys, isLoopback, serviceTokenSigner } from "../infra/security";
import { MongoApiKeys, withAdmin } from "./api-keys";
import { register, type Registering, said } from "./register";
import { describedRoutes } from "./routes";

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
  /** Signs the requests to services, where they want that. */
  readonly serviceKey?: string | undefined;
  /** How it enters itself into the register of instances, where there is one. */
  readonly registering?: Registering | undefined;
  readonly tls?: TlsFiles | undefined;
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

/** The gateway, listening. @throws Error with one clear sentence when it cannot be started with these options */
export async function startGateway(options: GatewayProcessOptions): Promise<RunningGateway> {
  const stores = options.mongo && (await MongoStores.connect(options.mongo));
  let gateway: Gateway | undefined;
  try {
    gateway = gatewayOf(options, stores);
    await gateway.start();
    return await opened(gateway, options, stores);
  } catch (error) {
    await gateway?.close();
    await stores?.close();
    throw error;
  }
}

function gatewayOf(options: GatewayProcessOptions, stores: MongoStores | undefined): Gateway {
  const { log, host, config } = options;
  const services = describedRoutes();
  const metrics = new Metrics();
  const onLoopback = isLoopback(host);
  const own: Dispatcher = new Dispatcher(
    ownRoutes(() => gateway, metrics, services),
    {
      log,
      metrics,
      apiKeys: new ApiKeys(withAdmin(options.adminKey, stores && new MongoApiKeys(stores))),
      openOnLoopback: onLoopback,
    },
  );
  const gateway = new Gateway({
    table: gatewayTable(services),
    own,
    config,
    log,
    metrics,
    onLoopback,
    names: systemNames,
    registered: stores && (() => registeredInstances(stores)),
    counts: stores && new SharedCounts(stores),
    sign: options.serviceKey === undefined ? undefined : serviceTokenSigner(options.serviceKey),
  });
  registerFigures(metrics, gateway);
  return gateway;
}

async function opened(
  gateway: Gateway,
  options: GatewayProcessOptions,
  stores: MongoStores | undefined,
): Promise<RunningGateway> {
  const server = gatewayServer(gateway.handle, undefined, options.tls);
  const url = await listenAt(server, options);
  const { registering, log } = options;
  // Nobody sends requests to a gateway by the register, so that it runs without its entry as well.
  const entry =
    stores && registering && (await register(stores, { listensAt: url, serve: [], parts: [] }, registering, log));
  return {
    url,
    gateway,
    reload: (config) => gateway.reload(config),
    async stop() {
      gateway.drain();
      await said(entry?.drain());
      if (options.drain) await pause(options.drain);
      gateway.endEndless();
      await closeServer(server, PATIENCE);
      await gateway.close();
      await said(entry?.end());
      await said(stores?.close());
    },
  };
}
