import { join } from "node:path";
import { spawnEventStore } from "../infra/bundled/eventstore/process";
import { startMongod } from "../infra/bundled/mongod";
import { supervise, type Supervised } from "./supervised";

export interface StoreUrls {
  readonly eventstoreUrl: string;
  readonly mongoUrl: string;
}

export interface StoresInUse extends StoreUrls {
  /** MongoDB is the bundled single node. */
  readonly ownMongo: boolean;
  /** Rejects when a bundled store cannot be kept running. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

export interface StoreSettings {
  readonly dataDir: string;
  readonly eventstoreUrl?: string | undefined;
  readonly mongodbUrl?: string | undefined;
  log(line: string): void;
}

/** The stores that are configured; those that are not are brought up on loopback, their data under the data folder. */
export async function bringUpStores(settings: StoreSettings): Promise<StoresInUse> {
  const { dataDir, log } = settings;
  const [eventstore, mongo] = await both(
    settings.eventstoreUrl === undefined
      ? supervise(
          "event store",
          (port) => spawnEventStore({ port: port ?? 0, data: join(dataDir, "eventstore"), log }),
          log,
        )
      : undefined,
    settings.mongodbUrl === undefined
      ? supervise(
          "mongod",
          (port) => startMongod({ dataDir: join(dataDir, "mongodb"), log, ...(port && { port }) }),
          log,
        )
      : undefined,
  );
  const failed = Promise.race([eventstore?.failed ?? never(), mongo?.failed ?? never()]);
  failed.catch(() => undefined);
  return {
    eventstoreUrl: settings.eventstoreUrl ?? eventstore?.url ?? "",
    mongoUrl: settings.mongodbUrl ?? mongo?.url ?? "",
    ownMongo: mongo !== undefined,
    failed,
    async stop() {
      await Promise.all([eventstore?.stop(), mongo?.stop()]);
    },
  };
}

/** Both, or neither: when one fails to start, the other is stopped again. */
async function both(
  first: Promise<Supervised> | undefined,
  second: Promise<Supervised> | undefined,
): Promise<[Supervised | undefined, Supervised | undefined]> {
  const [a, b] = await Promise.allSettled([first, second]);
  if (a.status === "fulfilled" && b.status === "fulfilled") return [a.value, b.value];
  if (a.status === "fulfilled") await a.value?.stop();
  if (b.status === "fulfilled") await b.value?.stop();
  throw (a.status === "rejected" ? a.reason : (b as PromiseRejectedResult).reason) as Error;
}

const never = () => new Promise<never>(() => undefined);
