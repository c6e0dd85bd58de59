import { analyticsRoutes } from "../api/analytics/routes";
import { backofficeRoutes } from "../api/backoffice";
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
import { storefrontRoutes } from "../api/storefront";
import { Explainer } from "../infra/audit";
import { type MongoStores } from "../infra/mongo";
import { Metrics } from "../infra/observability";
import { ReadModels } from "../infra/runtime";
import { type Context } from "./context";
import { contextsOf, providers } from "./contexts";

/** The groups of routes that a process can serve. */
export const TOUCHPOINTS = ["storefront", "backoffice", "reference", "analytics", "operations"] as const;
export type Touchpoint = (typeof TOUCHPOINTS)[number];

/** What the routes work with. */
export interface TouchpointParts {
  readonly services: Services;
  readonly contexts: readonly Context[];
  readonly stores: MongoStores;
  readonly engine: OperatedEngine;
  readonly keys: ApiKeyDesk;
  readonly metrics: Metrics;
  readonly isDraining?: () => boolean;
}

/** The routes of each touchpoint, made when they are asked for. */
export function touchpointRoutes(parts: TouchpointParts): Readonly<Record<Touchpoint, () => readonly Route[]>> {
  const { services, contexts, stores, engine, keys, metrics, isDraining } = parts;
  return {
    storefront: () => storefrontRoutes(services, providers),
    backoffice: () =>
      backofficeRoutes(services, {
        explainer: new Explainer(services.log, stores),
        projections: contexts.flatMap(({ projections }) => projections),
      }),
    reference: () => referenceRoutes(services),
    analytics: () =>
      analyticsRoutes(
        services,
        contexts.flatMap(({ feeds }) => feeds),
      ),
    operations: () => [
      ...operationsRoutes({ services, engine, metrics, isDraining }),
      ...apiKeyRoutes(keys),
      ...asyncApiRoutes(contexts),
    ],
  };
}

/**
 * The routes of every touchpoint with nothing behind them: what they say of themselves is all that gateway,
 * documentation and deployment need. None of their handlers may be called.
 */
export function describedRoutes(): Readonly<Record<Touchpoint, readonly Route[]>> {
  const models = new ReadModels({} as MongoStores);
  const nothing = { commands: { figures: { batches: [] } }, tail: {} } as unknown as OperatedEngine;
  const routes = touchpointRoutes({
    services: new Services({ models, currency: "GBP" } as unknown as ServiceOptions),
    contexts: contextsOf({ paymentTimeout: 1 }),
    stores: {} as MongoStores,
    engine: nothing,
    keys: {} as ApiKeyDesk,
    metrics: new Metrics({ process: false }),
  });
  const { storefront, backoffice, reference, analytics, operations } = routes;
  return {
    storefront: storefront(),
    backoffice: backoffice(),
    reference: reference(),
    analytics: analytics(),
    operations: operations(),
  };
}
