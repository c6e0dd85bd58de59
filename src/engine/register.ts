import { type Listening } from "../api/http";
import { type MongoStores, Registration } from "../infra/mongo";
import { type Logger } from "../infra/observability";
import { type Touchpoint } from "./touchpoints";

/** How a process makes itself known to gateways. */
export interface Registering {
  /** Where it can be reached; `auto`: where it listens. */
  readonly url: string;
  readonly weight: number;
  readonly zone: string | undefined;
  readonly version: string;
}

/** Registers the process as an instance of what it serves, if it is to be. */
export async function register(
  stores: MongoStores,
  server: Listening,
  options: { readonly serve: readonly Touchpoint[]; readonly registering?: Registering | undefined },
  log: Logger,
): Promise<Registration | undefined> {
  const { registering, serve } = options;
  if (registering === undefined) return undefined;
  const { url, weight, zone, version } = registering;
  const instance = { services: serve, url: url === "auto" ? server.url : url, weight, zone, version };
  const failed = (error: unknown) => log.warn({ err: error }, "a heartbeat could not be written");
  try {
    return await Registration.begin(stores, instance, failed);
  } catch (error) {
    await server.close();
    throw error;
  }
}
