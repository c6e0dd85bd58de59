import { analyticsRoutes } from "../api/analytics/routes";
import {
  catalogRoutes,
  explainRoutes,
  historyRoutes,
  inventoryRoutes,
  orderRoutes,
  paymentRoutes,
  peopleRoutes,
  pricingRoutes,
} from "../api/backoffice";
import { type Route } from "../api/http";
import {
  type ApiKeyDesk,
  apiKeyRoutes,
  asyncApiRoutes,
  type OperatedEngine,
  operationsRoutes,
} from "../api/operations";
import { referenceRoutes } from "../api/reference";
import { Services, type ServiceOptions } from "../api/services";
import {
  catalogueRoutes,
  SettledInLog,
  settledInReadModel,
  type SettledOrders,
  shoppersOrderRoutes,
  shoppingRoutes,
} from "../api/storefront";
import { Explainer } from "../infra/audit";
import { type MongoStores } from "../infra/mongo";
import { Metrics } from "../infra/observability";
import { type LogTail, ReadModels } from "../infra/runtime";
import { type OrderDocument } from "../projections/ordering";
import { type Context } from "./context";
import { elsewhere } from "./elsewhere";
import { type ContextName, CONTEXTS, contextsOf, providers } from "./contexts";

/** What the routes work with. */
export interface RouteParts {
  readonly services: Services;
  readonly contexts: readonly Context[];
  readonly stores: MongoStores;
  readonly engine: OperatedEngine & { readonly tail: LogTail };
  readonly keys: ApiKeyDesk;
  readonly metrics: Metrics;
  readonly isDraining?: () => boolean;
  /** Signs what is asked of other services: see `ElsewhereOptions.sign`. */
  readonly sign?: ((service: string) => string) | undefined;
  /** The contexts that this process is; all when absent. */
  readonly only?: readonly string[] | undefined;
}

/** The routes of each context, of all touchpoints, made when they are asked for. */
export function contextRoutes(parts: RouteParts): (name: ContextName) => readonly Route[] {
  const { services, contexts, stores, engine, keys, metrics, isDraining, only, sign } = parts;
  const explainer = new Explainer(services.log, stores);

  const settled = (): SettledOrders =>
    only === undefined || only.includes("ordering")
      ? settledInReadModel(services.models.get<OrderDocument>("ordering", "orders"))
      : new SettledInLog(services.log, engine.tail);

  function own(name: ContextName, within: Services): readonly Route[] {
    switch (name) {
      case "reference":
        return referenceRoutes(within);
      case "catalog":
        return catalogRoutes(within);
      case "pricing":
        return pricingRoutes(within);
      case "inventory":
        return inventoryRoutes(within);
      case "cart":
        return shoppingRoutes(within, providers, settled());
      case "ordering":
        return [...shoppersOrderRoutes(within), ...orderRoutes(within)];
      case "payment":
        return paymentRoutes(within);
      case "storefront":
        return catalogueRoutes(within);
      case "privacy":
        return peopleRoutes(within);
      case "analytics":
        return analyticsRoutes(
          within,
          contexts.flatMap(({ feeds }) => feeds),
        );
      case "operations":
        return [
          ...historyRoutes(within, explainer),
          ...operationsRoutes({
            services: within,
            engine,
            metrics,
            isDraining,
            elsewhere: only && elsewhere({ contexts, only, stores, sign }),
          }),
          ...apiKeyRoutes(keys),
          ...asyncApiRoutes(contexts),
        ];
    }
  }

  return (name) => {
    const within = services.within(name);
    const projections = contexts.flatMap((context) => (context.name === name ? context.projections : []));
    return [...own(name, within), ...explainRoutes(within, explainer, name, projections)];
  };
}

/**
 * The routes of every context with nothing behind them: what they say of themselves is all that gateway, documentation
 * and deployment need. None of their handlers may be called.
 */
export function describedRoutes(): Readonly<Record<ContextName, readonly Route[]>> {
  const models = new ReadModels({} as MongoStores);
  const nothing = {
    commands: { figures: { batches: [] } },
    snapshots: { figures: {} },
    tail: {},
  } as unknown as RouteParts["engine"];
  const routes = contextRoutes({
    services: new Services({ models, currency: "GBP", answers: new Map() } as unknown as ServiceOptions),
    contexts: contextsOf({ paymentTimeout: 1 }),
    stores: {} as MongoStores,
    engine: nothing,
    keys: {} as ApiKeyDesk,
    metrics: new Metrics({ process: false }),
  });
  return Object.fromEntries(CONTEXTS.map((name) => [name, routes(name)])) as Record<ContextName, readonly Route[]>;
}
