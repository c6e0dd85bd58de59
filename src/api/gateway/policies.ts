import { type ChangeWatch } from "./cache/changes";
import { PublicReads } from "./cache/public-reads";
import { type GatewayConfig } from "./config";
import { readStaticFiles, type StaticFiles } from "./files/read-files";
import { Limiter } from "./limits/limiter";

/** What changes when the settings do. */
export interface Policies {
  readonly config: GatewayConfig;
  readonly limiter: Limiter;
  readonly reads: PublicReads;
}

/** What is the same as before keeps what it knows: limits that stay are not forgotten, nor are kept answers. */
export function policiesOf(config: GatewayConfig, before: Policies | undefined, changes: ChangeWatch): Policies {
  const now = () => performance.now();
  const sameLimits = before && textOf(before.config.limits) === textOf(config.limits);
  const { cacheSize: size, staleIfError } = config;
  const sameReads = before?.config.cacheSize === size && before.config.staleIfError === staleIfError;
  return {
    config,
    limiter: sameLimits ? before.limiter : new Limiter(config.limits, now),
    reads: sameReads ? before.reads : new PublicReads({ size, staleIfError, generation: changes.generation, now }),
  };
}

/** The files that the gateway serves itself. @throws when they cannot be read */
export const filesOf = async ({ files }: GatewayConfig): Promise<StaticFiles> =>
  files === undefined ? new Map() : readStaticFiles(files);

const textOf = ({ client, key, routes }: GatewayConfig["limits"]): string => JSON.stringify([client, key, [...routes]]);
