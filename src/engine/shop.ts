import { analyticsRoutes } from "../api/analytics/routes";
import { backofficeRoutes } from "../api/backoffice";
import { documentationRoutes } from "../api/http";
import { createApp, listen, type Route } from "../api/http";
import { operationsRoutes } from "../api/operations";
import { referenceRoutes } from "../api/reference";
import { Services } from "../api/services";
import { storefrontRoutes } from "../api/storefront";
import { type Logger, Metrics } from "../infra/observability";
import { AnswerMemory } from "../infra/runtime";
import { ApiKeys, isLoopback, shopperTokens } from "../infra/security";
import { contextsOf, providers } from "./contexts";
import { Engine } from "./engine";
import { MongoApiKeys, shopperSecret } from "./secrets";

/** The groups of routes that a process can serve. */
export const TOUCHPOINTS = ["storefront", "backoffice", "reference", "analytics", "operations"] as const;
export type Touchpoint = (typeof TOUCHPOINTS)[number];

export interface ShopOptions {
  readonly eventstoreUrl: string;
  readonly mongoUrl: string;
  readonly mongoPrefix: string;
  /** MongoDB is the bundled single node: see `MongoOptions.writeConcern`. */
  readonly ownMongo: boolean;
  readonly host: string;
  readonly port: number;
  readonly log: Logger;
  readonly work: "all" | readonly string[];
  readonly serve: readonly Touchpoint[];
  /** Currency of answers when the caller names none. */
  readonly currency: string;
  /** Seconds that a payment may go unanswered. */
  readonly paymentTimeout: number;
  readonly adminKey?: string | undefined;
  readonly shopperSecret?: string | undefined;
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
  const contexts = contextsOf({ paymentTimeout: options.paymentTimeout });
  const engine = await Engine.start({
    contexts,
    eventstoreUrl: options.eventstoreUrl,
    mongoUrl: options.mongoUrl,
    mongoPrefix: options.mongoPrefix,
    writeConcern: options.ownMongo ? 1 : "majority",
    work: options.work,
    report: (level, message, details) => log[level](errorForLog(details), message),
  });
  try {
    const keys = new MongoApiKeys(engine.stores);
    if (options.adminKey !== undefined) await keys.put(options.adminKey, "admin", ["admin"]);
    const services = new Services({
      commands: engine.commands,
      models: engine.models,
      log: engine.log,
      answers: new AnswerMemory(engine.stores),
      tokens: shopperTokens(options.shopperSecret ?? (await shopperSecret(engine.stores))),
      currency: options.currency,
    });
    const metrics = new Metrics();
    const touchpoints: Readonly<Record<Touchpoint, () => readonly Route[]>> = {
      storefront: () => storefrontRoutes(services, providers),
      backoffice: () => backofficeRoutes(services),
      reference: () => referenceRoutes(services),
      analytics: () =>
        analyticsRoutes(
          services,
          contexts.flatMap(({ feeds }) => feeds),
        ),
      operations: () => operationsRoutes({ services, engine, metrics }),
    };
    const routes = options.serve.flatMap((touchpoint) => touchpoints[touchpoint]());
    const app = createApp([...routes, ...documentationRoutes(routes)], {
      log,
      metrics,
      apiKeys: new ApiKeys(keys),
      shoppers: services.tokens,
      openOnLoopback: isLoopback(options.host),
    });
    await options.beforeOpening?.({ engine, services, keys });
    const server = options.serve.length > 0 ? await listen(app, options) : undefined;
    return {
      url: server?.url ?? "",
      engine,
      services,
      keys,
      async stop() {
        await server?.close();
        await engine.stop();
      },
    };
  } catch (error) {
    await engine.stop();
    throw error;
  }
}
