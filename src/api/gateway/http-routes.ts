import { gatewayTable, type ServiceRoutes } from "./table";

/** An `HTTPRoute` of the Kubernetes Gateway API, as far as it follows from the routes. */
export interface HttpRoute {
  readonly apiVersion: "gateway.networking.k8s.io/v1";
  readonly kind: "HTTPRoute";
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly parentRefs: readonly { readonly name: string }[];
    readonly rules: readonly {
      readonly matches: readonly { readonly path: { readonly type: "PathPrefix"; readonly value: string } }[];
      readonly timeouts: { readonly request: string };
      readonly backendRefs: readonly { readonly name: string; readonly port: number }[];
    }[];
  };
}

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
    const longest = Math.max(...table.filter((route) => route.service === service).map(({ deadline }) => deadline));
    return {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      metadata: { name: backend(service) },
      spec: {
        parentRefs: [{ name: gateway }],
        rules: [
          {
            matches: prefixes.map((value) => ({ path: { type: "PathPrefix", value } })),
            timeouts: { request: `${Math.ceil(longest / 1_000)}s` },
            backendRefs: [{ name: backend(service), port }],
          },
        ],
      },
    };
  });
}
