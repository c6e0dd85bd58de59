import { join } from "node:path";
import { spawnEventStore } from "../infra/bundled/eventstore/process";
import { startMongod } from "../infra/bundled/mongod";

export interface StoreUrls {
  readonly eventstoreUrl: string;
  readonly mongoUrl: string;
}

export interface StoresInUse extends StoreUrls {
  /** Which of the two run as children of this process. */
  readonly bundled: { readonly eventstore: boolean; readonly mongo: boolean };
  /** Resolves with the name of a bundled store that ended by itself. */
  readonly lost: Promise<string>;
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
  const [eventstore, mongo] = await settleBoth(
    settings.eventstoreUrl === undefined
      ? spawnEventStore({ port: 0, data: join(dataDir, "eventstore"), log })
      : undefined,
    settings.mongodbUrl === undefined ? startMongod({ dataDir: join(dataDir, "mongodb"), log }) : undefined,
  );
  let stopping = false;
  const lost = new Promise<string>((resolve) => {
    const watch = (name: string, exited: Promise<unknown> | undefined) =>
      void exited?.then(() => {
        if (!stopping) resolve(name);
      });
    watch("event store", eventstore?.exited);
    watch("mongod", mongo?.exited);
  });
  return {
    eventstoreUrl: settings.eventstoreUrl ?? eventstore?.url ?? "",
    mongoUrl: settings.mongodbUrl ?? mongo?.url ?? "",
    bundled: { eventstore: eventstore !== undefined, mongo: mongo !== undefined },
    lost,
    async stop() {
      stopping = true;
      await Promise.all([eventstore?.stop(), mongo?.stop()]);
    },
  };
}

/** Both, or neither: when one fails to start, the other is stopped again. */
async function settleBoth<A extends { stop(): Promise<void> }, B extends { stop(): Promise<void> }>(
  a: Promise<A> | undefined,
  b: Promise<B> | undefined,
): Promise<[A | undefined, B | undefined]> {
  const [first, second] = await Promise.allSettled([a, b]);
  if (first.status === "fulfilled" && second.status === "fulfilled") return [first.value, second.value];
  if (first.status === "fulfilled") await first.value?.stop();
  if (second.status === "fulfilled") await second.value?.stop();
  throw (first.status === "rejected" ? first.reason : (second as PromiseRejectedResult).reason) as Error;
}

