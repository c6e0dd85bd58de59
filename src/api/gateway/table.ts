import { EVENTS_TYPE, type Method, type Route } from "../http";
import { PathTree } from "../http/path-tree";

/** Who uses the routes of a path: shoppers, the back office, anybody, analysts, operators. */
export const TOUCHPOINTS = ["storefront", "backoffice", "reference", "analytics", "operations"] as const;
export type Touchpoint = (typeof TOUCHPOINTS)[number];

/** One route of the whole as the gateway sees it: where it leads, and how it may be treated on the way. */
export interface GatewayRoute {
  /** The service that has it: a bounded context. */
  readonly service: string;
  readonly touchpoint: Touchpoint;
  readonly method: Method;
  /** The pattern: `/store/v1/carts/:cartId`. */
  readonly path: string;
  readonly operationId: string;
  readonly kind: "read" | "command";
  /** Everybody gets the same answer, so that it may be kept. */
  readonly cacheable: boolean;
  /** How many of the path's parameters, from the first on, name the aggregate; 0 when it has none yet. */
  readonly aggregateParams: number;
  /** The same command may be sent again under its `Idempotency-Key`. */
  readonly repeatable: boolean;
  /** The caller may ask to wait for the end result. */
  readonly waits: boolean;
  /** It takes a consistency token. */
  readonly levels: boolean;
  /** Bytes of body at most. */
  readonly bodyLimit: number;
  /** Until the answer begins, in ms. */
  readonly deadline: number;
  /** The media type of its answer. */
  readonly produces: string;
  /** Its answer goes on until the caller leaves. */
  readonly endless: boolean;
}

/** The routes of each service. */
export type ServiceRoutes = Readonly<Record<string, readonly Route[]>>;

/** First parameters that say only where the aggregate is; the next one completes its name. */
const HALF_NAMES = new Set(["location", "category", "country"]);

/** Every route that the gateway passes on. The services' own health and figures are not among them. */
export function gatewayTable(services: ServiceRoutes): readonly GatewayRoute[] {
  return Object.entries(services).flatMap(([service, routes]) =>
    routes.filter(isPassedOn).map((route) => gatewayRoute(service, route)),
  );
}

/** What is about one process is asked of that process, not of the whole. */
export const isPassedOn = ({ path }: Pick<Route, "path">): boolean =>
  !/^\/(?:health|metrics|internal)(?:\/|$)/.test(path);

function gatewayRoute(service: string, route: Route): GatewayRoute {
  const kind = route.method === "GET" ? "read" : "command";
  return {
    service,
    touchpoint: touchpointOf(route.path),
    method: route.method,
    path: route.path,
    operationId: route.operationId,
    kind,
    cacheable: kind === "read" && route.security === "public" && /\bpublic\b/.test(route.cache),
    aggregateParams: aggregateParams(route.path),
    repeatable: route.heeds.includes("Idempotency-Key"),
    waits: route.heeds.includes("Prefer"),
    levels: route.heeds.includes("Consistency-Token"),
    bodyLimit: route.bodyLimit,
    deadline: route.deadline,
    produces: route.produces,
    endless: route.produces === EVENTS_TYPE,
  };
}

const BY_PATH: Readonly<Record<string, Touchpoint>> = {
  store: "storefront",
  admin: "backoffice",
  reference: "reference",
  analytics: "analytics",
};

/** The touchpoint of a path, by how it begins: `/store/v1/…`. */
export const touchpointOf = (path: string): Touchpoint => BY_PATH[path.split("/", 2)[1] ?? ""] ?? "operations";

function aggregateParams(path: string): number {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => name);
  const [first] = names;
  if (first === undefined) return 0;
  return HALF_NAMES.has(first) && names.length > 1 ? 2 : 1;
}

/** The route that a request takes. */
export interface Taken {
  readonly route: GatewayRoute;
  /** What names the aggregate, the same for all routes to it: `carts/8f…`; `undefined` when the path names none. */
  readonly aggregate: string | undefined;
}

/** What a path and method lead to: a route, the methods that the path has instead, or nothing. */
export type Match =
  | { readonly found: "route"; readonly taken: Taken }
  | { readonly found: "path"; readonly touchpoint: Touchpoint; readonly allow: string; readonly pattern: string }
  | { readonly found: "nothing" };

const NOTHING: Match = { found: "nothing" };

/** Finds the route of a request. The time it takes does not depend on how many routes there are. */
export class RouteFinder {
  private readonly tree: PathTree<GatewayRoute>;

  constructor(table: readonly GatewayRoute[]) {
    this.tree = new PathTree(table);
  }

  /** @param path without query */
  find(method: string, path: string): Match {
    const found = this.tree.find(path);
    if (found === undefined) return NOTHING;
    const { place, values } = found;
    const entry = place.routes[(method === "HEAD" ? "GET" : method) as Method];
    if (entry === undefined) {
      return { found: "path", touchpoint: touchpointOf(path), allow: place.allow, pattern: place.pattern };
    }
    return { found: "route", taken: { route: entry.route, aggregate: aggregateOf(entry.route, values) } };
  }
}

/** `/store/v1/carts/:cartId/items` with `8f` → `carts/8f`. */
function aggregateOf(route: GatewayRoute, values: readonly string[]): string | undefined {
  if (route.aggregateParams === 0) return undefined;
  const named = route.path.slice(0, route.path.indexOf("/:"));
  return [named.slice(named.lastIndexOf("/") + 1), ...values.slice(0, route.aggregateParams)].join("/");
}
