import { type Settings } from "../../infra/config";
import { parseSources, type Sources } from "./discovery/source";
import { HEALTH, type HealthOptions } from "./fleet/health";
import { parseProxies, type TrustedProxies } from "./guard/client";
import { type CorsPolicy, parseCors } from "./guard/cors";
import { type Limits } from "./limits/limiter";
import { parseRate, type Rate } from "./limits/token-bucket";
import { type GatewayRoute, TOUCHPOINTS } from "./table";

/** All that the gateway can be told, and told anew while it runs. */
export interface GatewayConfig {
  readonly sources: Sources;
  readonly zone: string | undefined;
  readonly dnsServers: readonly string[];
  readonly cors: CorsPolicy;
  readonly limits: Limits;
  readonly proxies: TrustedProxies | undefined;
  readonly health: HealthOptions;
  /** Bytes of kept answers. */
  readonly cacheSize: number;
  /** ms that an old public answer may stand in for a service that is away. */
  readonly staleIfError: number;
  /** Requests that one instance may work on at once. */
  readonly concurrency: number;
  /** ms that a request may have to wait for its turn before the service counts as overloaded. */
  readonly wait: number;
  /** A folder of files to serve where no route is. */
  readonly files: string | undefined;
}

type GatewaySettings = Pick<Settings, Extract<keyof Settings, `gateway${string}`>>;

/** The gateway's settings, read. @throws Error naming the setting and what is wrong with it */
export function gatewayConfig(settings: GatewaySettings): GatewayConfig {
  const read = <T>(name: string, text: string | undefined, parse: (text: string) => T): T | undefined => {
    if (text === undefined) return undefined;
    try {
      return parse(text);
    } catch (error) {
      throw new Error(`${name}: ${(error as Error).message}.`, { cause: error });
    }
  };
  return {
    sources: read("GATEWAY_SERVICES", settings.gatewayServices, parseSources) ?? new Map(),
    zone: settings.gatewayZone,
    dnsServers: settings.gatewayDnsServers?.split(",").map((each) => each.trim()) ?? [],
    cors: read("GATEWAY_CORS", settings.gatewayCors, parseCors) ?? new Map(),
    limits: {
      client: read("GATEWAY_LIMIT_CLIENT", settings.gatewayLimitClient, parseRate),
      key: read("GATEWAY_LIMIT_KEY", settings.gatewayLimitKey, parseRate),
      routes: read("GATEWAY_LIMIT_ROUTES", settings.gatewayLimitRoutes, parseRates) ?? new Map(),
    },
    proxies: read("GATEWAY_TRUSTED_PROXIES", settings.gatewayTrustedProxies, parseProxies),
    health: { ...HEALTH, every: settings.gatewayHealthInterval },
    cacheSize: settings.gatewayCacheMb * 1024 * 1024,
    staleIfError: settings.gatewayStaleIfError * 1_000,
    concurrency: settings.gatewayConcurrency,
    wait: settings.gatewayWait,
    files: settings.gatewayFiles,
  };
}

/** @throws Error naming the setting that speaks of a service, touchpoint or route that there is not */
export function checkNames({ sources, cors, limits }: GatewayConfig, table: readonly GatewayRoute[]): void {
  const services = new Set(["*", ...table.map(({ service }) => service)]);
  const routes = new Set(table.map(({ operationId }) => operationId));
  const check = (setting: string, what: string, names: Iterable<string>, known: ReadonlySet<string>) => {
    for (const name of names)
      if (!known.has(name)) throw new Error(`${setting}: there is no ${what} ${name}, but ${[...known].join(", ")}.`);
  };
  check("GATEWAY_SERVICES", "service", sources.keys(), services);
  check("GATEWAY_CORS", "touchpoint", cors.keys(), new Set(TOUCHPOINTS));
  check("GATEWAY_LIMIT_ROUTES", "route", limits.routes.keys(), routes);
}

/** `checkoutCart=10/60;openCart=30/60`. @throws naming the part at fault */
export function parseRates(text: string): ReadonlyMap<string, Rate> {
  const rates = new Map<string, Rate>();
  for (const part of text.split(";").map((each) => each.trim())) {
    if (part === "") continue;
    const [, route, rate] = /^(\w+)\s*=\s*(.+)$/.exec(part) ?? [];
    if (route === undefined || rate === undefined)
      throw new Error(`each part must be <operationId>=<requests>/<seconds>, not "${part}"`);
    rates.set(route, parseRate(rate));
  }
  return rates;
}
