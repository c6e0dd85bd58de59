import { documentationRoutes } from "../api/http";
import { createApp, listen, type Listening, type TlsFiles } from "../api/http";
import { internalRoutes } from "../api/internal/changes";
import { refusalRoutes } from "../api/internal/refusals";
import { healthRoutes, processRoutes, registerBusinessFigures, workRoutes } from "../api/operations";
import { Services } from "../api/services";
import { type MongoOptions, type MongoStores } from "../infra/mongo";
import { type Logger, Metrics, timingsOf } from "../infra/observability";
import { type MasterKeys } from "../infra/privacy";
import { pause } from "../infra/runtime";
import {
  ApiKeys,
  isLoopback,
  type OidcOptions,
  oidcTokens,
  type ServiceKeys,
  serviceTokenCheck,
  serviceTokenSigner,
  shopperTokens,
} from "../infra/security";
import { MongoApiKeys, withAdmin } from "./api-keys";
import { AuditTrail } from "./audit-trail";
import { type ContextName, CONTEXTS, contextsOf } from "./contexts";
import { Engine } from "./engine";
import { partitionCounts } from "./partition-counts";
import { register, type Registering, said } from "./register";
import { contextRoutes } from "./routes";
import { shopperSecret } from "./secrets";

export { type ContextName, CONTEXTS } from "./contexts";

export interface ShopOptions {
  readonly eventstoreUrl: string;
  readonly mongoUrl: string;
  /** Addresses, with logins, of databases that have one of their own: see `MongoOptions.urls`. */
  readonly mongoUrls?: MongoOptions["urls"];
  readonly mongoPrefix: string;
  /** MongoDB is the bundled single node: see `MongoOptions.writeConcern`. */
  readonly ownMongo: boolean;
  readonly host: string;
  readonly port: number;
  /** In the clear when absent. */
  readonly tls?: TlsFiles | undefined;
  readonly log: Logger;
  readonly work: "all" | readonly string[];
  /** The contexts whose routes are served. */
  readonly serve: readonly ContextName[];
  /** Names of the contexts that the process is; all when absent. */
  readonly only?: readonly string[] | undefined;
  /** Currency of answers when the caller names none. */
  readonly currency: string;
  /** Seconds that a payment may go unanswered. */
  readonly paymentTimeout: number;
  /** Seconds without a change after which an open cart counts as abandoned. */
  readonly cartAbandonedAfter?: number | undefined;
  /** Numbers of partitions of projections: see `partitionCounts`. */
  readonly projectionPartitions?: string | undefined;
  /** Seconds after which a worker that is heard of no more loses its work to others. */
  readonly leaseTtl?: number | undefined;
  readonly snapshotEvery?: number | undefined;
  readonly answersKeptDays?: number | undefined;
  readonly adminKey?: string | undefined;
  readonly shopperSecret?: string | undefined;
  /** Seconds that a shopper token works. */
  readonly shopperTokenLifetime?: number | undefined;
  /** What gateways sign their requests with; they need not when absent. */
  readonly serviceKeys?: ServiceKeys | undefined;
  /** Wrap the keys of people. */
  readonly masterKeys: MasterKeys | undefined;
  /** The identity provider whose tokens are taken; none when absent. */
  readonly oidc?: OidcOptions | undefined;
  /** How this process enters itself into the register of instances; it does not when absent. */
  readonly registering?: Registering | undefined;
  /** ms that it goes on serving when it is to stop, while those in front of it turn elsewhere. */
  readonly drain?: number | undefined;
  /** ms for which refused requests are put together in the audit trail; a minute when absent. */
  readonly auditWindow?: number | undefined;
  /** Done before the shop opens. */
  readonly beforeOpening?: ((shop: Omit<Shop, "url" | "stop">) => Promise<void>) | undefined;
}

export interface Shop {
  readonly url: string;
  readonly engine: Engine;
  readonly services: Services;
  readonly keys: MongoApiKeys;
  stop(): Promise<void>;
}

/** The log knows how to show an error under the name `err`. */
const errorForLog = ({ error, ...details }: { readonly error?: unknown }) =>
  error === undefined ? details : { ...details, err: error };

/** The engine with its APIs, on stores that are up. */
export async function startShop(options: ShopOptions): Promise<Shop> {
  const { log } = options;
  const metrics = new Metrics();
  const timings = timingsOf(metrics);
  const contexts = contextsOf({ paymentTimeout: options.paymentTimeout, timings });
  const engine = await Engine.start({
    contexts,
    eventstoreUrl: options.eventstoreUrl,
    mongoUrl: options.mongoUrl,
    mongoUrls: options.mongoUrls,
    mongoPrefix: options.mongoPrefix,
    writeConcern: options.ownMongo ? 1 : "majority",
    work: options.work,
    only: options.only,
    snapshotEvery: options.snapshotEvery,
    answersKeptDays: options.answersKeptDays,
    partitions: partitionCounts(options.projectionPartitions ?? "", contexts),
    leaseTtl: options.leaseTtl === undefined ? undefined : options.leaseTtl * 1_000,
    masterKeys: options.masterKeys,
    timings,
    report: (level, message, details) => log[level](errorForLog(details), message),
  });
  try {
    const keys = new MongoApiKeys(engine.stores);
    // Who keeps the keys keeps the first one too; others only know it.
    const keeps = options.only === undefined || options.only.includes("operations");
    if (options.adminKey !== undefined && keeps) await keys.put(options.adminKey, "admin", ["admin"]);
    const apiKeys = new ApiKeys(keeps ? keys : withAdmin(options.adminKey, keys));
    const services = new Services({
      commands: engine.commands,
      models: engine.models,
      log: engine.log,
      answers: engine.answers,
      forget: engine.forget,
      tokens: shopperTokens(options.shopperSecret ?? (await shopperSecret(engine.stores)), {
        lifetime: options.shopperTokenLifetime,
      }),
      currency: options.currency,
    });
    registerBusinessFigures(metrics, engine, (options.cartAbandonedAfter ?? 86_400) * 1_000);
    const trail = new AuditTrail({ ...options, metrics, window: options.auditWindow });
    let draining = false;
    const ending = new AbortController();
    const isDraining = () => draining;
    const { only, serviceKeys } = options;
    const sign = serviceKeys && serviceTokenSigner(serviceKeys.key);
    const parts = { services, contexts, engine, stores: engine.stores, keys, metrics, isDraining, only, sign };
    const routes = options.serve.flatMap(contextRoutes(parts));
    // Whoever sends requests here, or looks after it, wants to know how it is, whatever it does.
    const health = options.serve.includes("operations")
      ? []
      : [...healthRoutes(engine, metrics, isDraining), ...workRoutes(engine), ...processRoutes(engine)];
    // Whoever else takes what gateways say would take it from anybody.
    const told = serviceKeys && options.serve.includes("operations") ? refusalRoutes((all) => trail.tell(all)) : [];
    const internal = [...health, ...internalRoutes(services.models, ending.signal), ...told];
    const app = createApp([...routes, ...documentationRoutes(routes), ...internal], {
      log,
      metrics,
      apiKeys,
      shoppers: services.tokens,
      users: options.oidc && oidcTokens({ report: (err) => log.warn({ err }, err.message), ...options.oidc }),
      openOnLoopback: isLoopback(options.host),
      fingerprintKey: engine.people?.fingerprintKey,
      ending: ending.signal,
      audit: trail.heard,
      // A worker is asked for its work by the names of its contexts.
      hop: serviceKeys && serviceTokenCheck(serviceKeys, options.serve.length > 0 ? options.serve : (only ?? CONTEXTS)),
    });
    await options.beforeOpening?.({ engine, services, keys });
    const server = await listen(app, options);
    const registration = await registered(engine.stores, server, options);
    return {
      url: server.url,
      engine,
      services,
      keys,
      async stop() {
        draining = true;
        await said(registration?.drain());
        if (options.drain) await pause(options.drain);
        ending.abort();
        await server.close();
        await said(registration?.end());
        await said(Promise.all([apiKeys.stop(), trail.stop()]));
        await engine.stop();
      },
    };
  } catch (error) {
    await engine.stop();
    throw error;
  }
}

async function registered(stores: MongoStores, server: Listening, options: ShopOptions) {
  const { serve, work, registering, log } = options;
  if (registering === undefined) return undefined;
  const parts = [...new Set([...serve, ...(work === "all" ? ["all work"] : work)])];
  try {
    return await register(stores, { listensAt: server.url, serve, parts }, registering, log);
  } catch (error) {
    await server.close();
    throw error;
  }
}
