import { gatewayTable, type ServiceRoutes } from "./table";

/** An `HTTPRoute` of the Kubernetes Gateway API, as far as it follows from the routes. */
export interface HttpRoute {
  readonly apiVersion: "gateway.networking.k8s.io/v1";
  readonly kind: "HTTPRoute";
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly parentRefs: readonly { readonly name: string }[];
    readonly rules: readonly HttpRule[];
  };
}

interface HttpRule {
  readonly matches: readonly {
    readonly path: { readonly type: "PathPrefix" | "RegularExpression"; readonly value: string };
  }[];
  readonly timeouts: { readonly request: string };
  readonly backendRefs: readonly { readonly name: string; readonly port: number }[];
}

/** A live view goes on until its caller leaves; zero is no timeout (Gateway API, `HTTPRouteTimeouts`). */
const NO_TIMEOUT = "0s";

export interface HttpRouteOptions {
  /** The `Gateway` that they belong to. */
  readonly gateway?: string;
  /** The name of a service's `Service`. */
  readonly backend?: (service: string) => string;
  readonly port?: number;
}

/** The prefixes under which a service has all its routes, and nobody else has any: `/store/v1`. */
export function prefixesOf(services: ServiceRoutes): ReadonlyMap<string, readonly string[]> {
  const prefixes = new Map<string, Set<string>>();
  for (const { service, path } of gatewayTable(services)) {
    const prefix = path.split("/").slice(0, 3).join("/");
    prefixes.set(service, (prefixes.get(service) ?? new Set()).add(prefix));
  }
  return new Map([...prefixes].map(([service, set]) => [service, [...set].toSorted()]));
}

/** The routes of the whole for a cluster whose own gateway is to take the place of ours, or to stand in front of it. */
export function httpRoutes(services: ServiceRoutes, options: HttpRouteOptions = {}): readonly HttpRoute[] {
  const { gateway = "millrace", backend = (service) => `millrace-${service}`, port = 8080 } = options;
  const table = gatewayTable(services);
  return [...prefixesOf(services)].map(([service, prefixes]) => {
    const own = table.filter((route) => route.service === service);
    const longest = Math.max(...own.filter(({ endless }) => !endless).map(({ deadline }) => deadline));
    const endless = [...new Set(own.filter((route) => route.endless).map(({ path }) => path))].toSorted();
    const backendRefs = [{ name: backend(service), port }];
    const rules: HttpRule[] = [
      {
        matches: prefixes.map((value) => ({ path: { type: "PathPrefix", value } })),
        timeouts: { request: `${Math.ceil(longest / 1_000)}s` },
        backendRefs,
      },
    ];
    if (endless.length > 0)
      rules.unshift({
        matches: endless.map((path) => ({ path: { type: "RegularExpression", value: expressionOf(path) } })),
        timeouts: { request: NO_TIMEOUT },
        backendRefs,
      });
    return {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: backend(service) },
      spec: { parentRefs: [{ name: gateway }], rules },
    };
  });
}

/** `/store/v1/carts/:cartId/live` → `/store/v1/carts/[^/]+/live`, for the whole path. */
const expressionOf = (path: string): string => path.replaceAll(/:\w+/g, "[^/]+");
