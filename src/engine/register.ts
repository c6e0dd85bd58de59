import { hostname } from "node:os";
import { type InstanceRole, type MongoStores, Registration } from "../infra/mongo";
import { type Logger } from "../infra/observability";
import { orElse } from "../infra/runtime";

/** As in package.json. */
export const VERSION = "0.1.0";

/** How a process makes itself known. */
export interface Registering {
  readonly role?: InstanceRole;
  /** Where gateways can reach it; `auto`: where it listens; absent: they are to leave it alone. */
  readonly url: string | undefined;
  readonly weight: number;
  readonly zone: string | undefined;
  readonly version: string;
}

/** What is registered: where it listens, what gateways may send there, and what it was told to do. */
export interface Registered {
  readonly listensAt: string;
  readonly serve: readonly string[];
  readonly parts: readonly string[];
}

/**
 * Enters the process into the register of instances, where gateways find what they may send requests to, and
 * `millrace status` everything that runs.
 * @throws when gateways would not find it; one that they are to leave alone runs without its entry
 */
export async function register(
  stores: MongoStores,
  { listensAt, serve, parts }: Registered,
  { role = "serve", url, weight, zone, version }: Registering,
  log: Logger,
): Promise<Registration | undefined> {
  const instance = {
    services: url === undefined ? [] : serve,
    role,
    parts,
    url: url === undefined || url === "auto" ? reachable(listensAt) : url,
    weight,
    zone,
    version,
  };
  let silent = false;
  const failed = (error: unknown) => {
    // Once is enough: while the database is away there is one of these a second.
    if (!silent) log.warn({ err: error }, "a heartbeat could not be written");
    silent = true;
  };
  try {
    return await Registration.begin(stores, instance, failed);
  } catch (error) {
    if (url !== undefined) throw error;
    log.warn({ err: error }, "this process could not be registered: millrace status will not show it");
    return undefined;
  }
}

/** How long a process that stops tries to say so, in ms: where the database is away, its entry lapses. */
const WORD_PATIENCE = 1_000;

/** Resolves when it has been said, or could not be in good time. */
export const said = (word: Promise<unknown> | undefined): Promise<unknown> =>
  orElse(word ?? Promise.resolve(), WORD_PATIENCE, undefined);

/** What listens on every address of a machine is reached by the machine's name. */
const reachable = (url: string): string => url.replace(/\/\/(?:0\.0\.0\.0|\[::\])(?=:)/, `//${hostname()}`);
