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

/** How the routes of a service are told from those of others: by prefixes, and by whole paths in between of others'. */
export interface Places {
  /** `/store/v1/carts` */
  readonly prefixes: readonly string[];
  /** Patterns of paths that lie under another service's prefix: `/admin/v1/orders/:id/payment`. */
  readonly paths: readonly string[];
}

interface Place {
  readonly service: string;
  readonly path: string;
  /** Its segments before the first parameter. */
  readonly literal: readonly string[];
}

/** Shorter prefixes say nothing: they are of no service and no version. */
const SHORTEST = 2;

/**
 * The shortest prefixes that part the services. Where several have routes from the same place on, it is whose most of
 * them are, and the others' are told one by one.
 */
export function placesOf(services: ServiceRoutes): ReadonlyMap<string, Places> {
  const prefixes = new Map<string, Set<string>>();
  const paths = new Map<string, Set<string>>();
  const note = (map: Map<string, Set<string>>, service: string, text: string) =>
    map.set(service, (map.get(service) ?? new Set()).add(text));

  function part(places: readonly Place[], depth: number): void {
    const [first] = places;
    if (first === undefined) return;
    const prefix = `/${first.literal.slice(0, depth).join("/")}`;
    if (depth >= SHORTEST && new Set(places.map(({ service }) => service)).size === 1)
      return void note(prefixes, first.service, prefix);
    const here = places.filter(({ literal }) => literal.length === depth);
    const most = mostOf(here);
    if (most !== undefined) note(prefixes, most, prefix);
    for (const { service, path } of here) if (service !== most) note(paths, service, path);
    const below = groupBy(
      places.filter(({ literal }) => literal.length > depth),
      ({ literal }) => literal[depth] ?? "",
    );
    for (const each of below.values()) part(each, depth + 1);
  }

  part(gatewayTable(services).map(placeOf), 0);
  return new Map(
    Object.keys(services).map((service) => [
      service,
      { prefixes: sorted(prefixes.get(service)), paths: sorted(paths.get(service)) },
    ]),
  );
}

const sorted = (set: ReadonlySet<string> = new Set()): readonly string[] => [...set].toSorted();

function placeOf({ service, path }: { readonly service: string; readonly path: string }): Place {
  const segments = path.split("/").slice(1);
  const parameter = segments.findIndex((segment) => segment.startsWith(":"));
  return { service, path, literal: parameter < 0 ? segments : segments.slice(0, parameter) };
}

/** Whose most of the places are. */
function mostOf(places: readonly Place[]): string | undefined {
  const byService = [...groupBy(places, ({ service }) => service)];
  return byService.toSorted(([, a], [, b]) => b.length - a.length)[0]?.[0];
}

function groupBy(places: readonly Place[], key: (place: Place) => string): ReadonlyMap<string, readonly Place[]> {
  const groups = new Map<string, Place[]>();
  for (const place of places) groups.set(key(place), [...(groups.get(key(place)) ?? []), place]);
  return groups;
}

/** The routes of the whole for a cluster whose own gateway is to take the place of ours, or to stand in front of it. */
export function httpRoutes(services: ServiceRoutes, options: HttpRouteOptions = {}): readonly HttpRoute[] {
  const { gateway = "millrace", backend = (service) => `millrace-${service}`, port = 8080 } = options;
  const table = gatewayTable(services);
  return [...placesOf(services)].map(([service, { prefixes, paths }]) => {
    const own = table.filter((route) => route.service === service);
    const longest = Math.max(...own.filter(({ endless }) => !endless).map(({ deadline }) => deadline));
    const endless = [...new Set(own.filter((route) => route.endless).map(({ path }) => path))].toSorted();
    const backendRefs = [{ name: backend(service), port }];
    const rules: HttpRule[] = [
      {
        matches: [
          ...paths.map((path) => ({ path: { type: "RegularExpression" as const, value: expressionOf(path) } })),
          ...prefixes.map((value) => ({ path: { type: "PathPrefix" as const, value } })),
        ],
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
