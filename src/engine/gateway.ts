import { request } from "undici";
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
import { type ToldRefusal } from "../api/internal/refusals";
import { Dispatcher } from "../api/http/dispatcher";
import { MongoStores, registeredInstances, SharedCounts } from "../infra/mongo";
import { type Logger, Metrics } from "../infra/observability";
import { pause } from "../infra/runtime";
import { ApiKeys, isLoopback, SERVICE_TOKEN_HEADER, serviceTokenSigner } from "../infra/security";
import { MongoApiKeys, withAdmin } from "./api-keys";
import { RefusalReports, registerTrailFigures } from "./audit-trail";
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
  /** ms for which refused requests of one caller to one route are put together in the audit trail; a minute when absent. */
  readonly auditWindow?: number | undefined;
}

export interface RunningGateway {
  readonly url: string;
  readonly gateway: Gateway;
  reload(config: GatewayConfig): Promise<void>;
  stop(): Promise<void>;
}

/** What is under way when the gateway stops may take so long to end, in ms. */
const PATIENCE = 10_000;

/** How long a process may take to be told of refusals, in ms. */
const TELLING = 3_000;

/** The gateway, listening. @throws Error with one clear sentence when it cannot be started with these options */
export async function startGateway(options: GatewayProcessOptions): Promise<RunningGateway> {
  const stores = options.mongo && (await MongoStores.connect(options.mongo));
  let made: Made | undefined;
  try {
    made = gatewayOf(options, stores);
    await made.gateway.start();
    return await opened(made, options, stores);
  } catch (error) {
    await made?.gateway.close();
    await stores?.close();
    throw error;
  }
}

interface Made {
  readonly gateway: Gateway;
  readonly reports: RefusalReports | undefined;
}

function gatewayOf(options: GatewayProcessOptions, stores: MongoStores | undefined): Made {
  const { log, host, config } = options;
  const services = describedRoutes();
  const metrics = new Metrics();
  const onLoopback = isLoopback(host);
  const sign = options.serviceKey === undefined ? undefined : serviceTokenSigner(options.serviceKey);
  // Without a key nobody could tell what a gateway says from what a stranger does.
  const reports =
    sign &&
    new RefusalReports({
      send: (refusals) => tellOperations(gateway, sign, refusals),
      report: (err, waiting) =>
        log.warn({ err, waiting }, "what was refused cannot be told to operations: tried again"),
      window: options.auditWindow,
    });
  if (reports) registerTrailFigures(metrics, reports);
  const own: Dispatcher = new Dispatcher(
    ownRoutes(() => gateway, metrics, services),
    {
      log,
      metrics,
      apiKeys: new ApiKeys(withAdmin(options.adminKey, stores && new MongoApiKeys(stores))),
      openOnLoopback: onLoopback,
      audit: reports?.heard,
    },
  );
  const gateway: Gateway = new Gateway({
    table: gatewayTable(services),
    own,
    config,
    log,
    metrics,
    onLoopback,
    names: systemNames,
    registered: stores && (() => registeredInstances(stores)),
    counts: stores && new SharedCounts(stores),
    sign,
    refused: reports?.refused,
  });
  registerFigures(metrics, gateway);
  return { gateway, reports };
}

/**
 * Has an instance of operations write into the audit trail what was refused here.
 * @returns whether it can be
 * @throws when it is not certain that it will be
 */
async function tellOperations(
  { fleet }: Gateway,
  sign: (service: string) => string,
  items: readonly ToldRefusal[],
): Promise<boolean> {
  const instance = fleet.service("operations")?.choose({ kind: "read", aggregate: undefined }, new Set());
  if (instance === undefined) throw new Error("there is no instance of operations");
  const { statusCode, body } = await request(`${instance.url}/internal/v1/refusals`, {
    method: "POST",
    headers: { "content-type": "application/json", [SERVICE_TOKEN_HEADER]: sign("operations") },
    body: JSON.stringify({ items }),
    signal: AbortSignal.timeout(TELLING),
  });
  await body.dump();
  if (statusCode === 204 || statusCode === 422) return statusCode === 204;
  throw new Error(`operations answers ${statusCode}`);
}

async function opened(
  { gateway, reports }: Made,
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
      await reports?.stop();
      await gateway.close();
      await said(entry?.end());
      await said(stores?.close());
    },
  };
}
