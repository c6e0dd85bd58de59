import { randomBytes } from "node:crypto";
import { bundledStores } from "./stores/bundled";
import { containerStores } from "./stores/containers";
import { givenStores } from "./stores/given";

/** The stores that a suite runs against; asking for one that was not needed throws. */
export interface TestStores {
  readonly mongoUrl: string;
  readonly eventstoreUrl: string;
  stop(): Promise<void>;
}

/** One store, ready to use. */
export interface Store {
  readonly url: string;
  stop(): Promise<void>;
}

export interface StoresOptions {
  /** Both when not given. */
  readonly need?: { readonly mongo?: boolean; readonly eventstore?: boolean };
}

/** One way to come by the stores. */
export interface StoreProvider {
  /** @param prefixes names of the suite's databases begin with one of these; read when the store is stopped */
  mongo(prefixes: readonly string[]): Promise<Store>;
  eventstore(): Promise<Store>;
}

/** What `MILLRACE_TEST_STORES` may say. */
const PROVIDERS = {
  /** The stores that `millrace start` brings up. MongoDB is shared by the whole run; each suite has its event store. */
  bundled: bundledStores,
  /** EventStoreDB and MongoDB in containers; needs a Docker engine. */
  testcontainers: containerStores,
  /** Running ones: `MONGODB_URL`, `EVENTSTORE_URL`. */
  env: givenStores,
} as const satisfies Record<string, StoreProvider>;

export type StoresKind = keyof typeof PROVIDERS;

/** Prefixes that this suite was given: what a store that outlives the run must be cleared of. */
const prefixes: string[] = [];

/**
 * First part of the names of a suite's databases. The server is shared between suites, so each keeps to databases of
 * its own: `MongoStores.connect({ url, prefix: uniquePrefix() })`.
 */
export function uniquePrefix(): string {
  const prefix = `test_${randomBytes(5).toString("hex")}`;
  prefixes.push(prefix);
  return prefix;
}

/** The one switch: `MILLRACE_TEST_STORES`, `bundled` when not set. */
export function storesKind(env: NodeJS.ProcessEnv = process.env): StoresKind {
  const kind = env["MILLRACE_TEST_STORES"] || "bundled";
  if (!Object.hasOwn(PROVIDERS, kind)) {
    throw new Error(`MILLRACE_TEST_STORES must be one of ${Object.keys(PROVIDERS).join(", ")}, not "${kind}".`);
  }
  return kind as StoresKind;
}

/**
 * Brings up what the suite needs, in the way that the switch says. Call it in `beforeAll`, `stop` in `afterAll`.
 * @throws when the way that was asked for is not there: no Docker engine, no URL
 */
export async function startStores({
  need = { mongo: true, eventstore: true },
}: StoresOptions = {}): Promise<TestStores> {
  const provider: StoreProvider = PROVIDERS[storesKind()];
  const started = await Promise.allSettled([
    need.mongo ? provider.mongo(prefixes) : undefined,
    need.eventstore ? provider.eventstore() : undefined,
  ]);
  const [mongo, eventstore] = started.map((each) => (each.status === "fulfilled" ? each.value : undefined));
  const stop = async () => {
    await Promise.all([mongo?.stop(), eventstore?.stop()]);
  };
  const failed = started.find((each) => each.status === "rejected");
  if (failed) {
    await stop();
    throw failed.reason;
  }
  return {
    get mongoUrl() {
      return urlOf(mongo, "mongo");
    },
    get eventstoreUrl() {
      return urlOf(eventstore, "eventstore");
    },
    stop,
  };
}

function urlOf(store: Store | undefined, name: string): string {
  if (!store) throw new Error(`This suite did not ask for it: startStores({ need: { ${name}: true } }).`);
  return store.url;
}
