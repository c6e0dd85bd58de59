import { spawnEventStore } from "../../../src/infra/bundled/eventstore/process";
import type { Store, StoreProvider } from "../stores";
import { sharedMongod } from "./shared-mongod";

/** The real mongod, as `millrace start` runs it; one for all suites of a jest run, because starting it takes longest. */
async function bundledMongo(): Promise<Store> {
  return { url: await sharedMongod(), stop: async () => undefined };
}

/** An event store of the suite's own, in memory: a suite that reads `$all` sees nobody else's events. */
async function bundledEventStore(): Promise<Store> {
  return spawnEventStore({ port: 0, memory: true });
}

export const bundledStores: StoreProvider = { mongo: bundledMongo, eventstore: bundledEventStore };
