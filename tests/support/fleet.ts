import { gatewayConfig, type RunningGateway, startGateway } from "../../src/engine/gateway";
import { type ContextName, CONTEXTS } from "../../src/engine/contexts";
import { settings } from "../../src/infra/config";
import { collectedLog } from "./collected-logs";
import { eventually } from "./eventually";
import { Caller } from "./http";
import { TEST_MASTER_KEY } from "./master-keys";
import { type Program, run } from "./program";
import { OLD_MASTER_KEY, OTHER_SERVICE_KEY, SERVICE_KEY, SHOPPER_SECRET } from "./planted";
import { ADMIN_KEY } from "./shop";
import { startStores, uniquePrefix } from "./stores";
import { type MongodWithLogins, startMongodWithLogins } from "./stores/mongod-with-logins";

/** A process of one bounded context: `millrace serve <context>`. */
export interface Instance {
  readonly context: ContextName;
  readonly url: string;
  readonly program: Program;
}

/**
 * Every bounded context as a process of its own, with a login that opens its own database alone, behind a gateway that
 * finds them by their registration.
 */
export interface Fleet {
  /** Of the gateway. */
  readonly url: string;
  /** Calls with the rights of an admin. */
  readonly admin: Caller;
  readonly anyone: Caller;
  readonly mongod: MongodWithLogins;
  readonly prefix: string;
  readonly eventstoreUrl: string;
  readonly gateway: RunningGateway;
  /** Those that run now. */
  instances(context: ContextName): readonly Instance[];
  /** Starts another instance, of another release where `main` is its; resolves when the gateway sends requests to it. */
  join(context: ContextName, main?: string): Promise<Instance>;
  /** Ends all instances of a context at once, as a power cut does. */
  kill(context: ContextName): Promise<void>;
  /** Has one stop in good order. */
  leave(instance: Instance): Promise<number>;
  stop(): Promise<void>;
}

export interface FleetOptions {
  /** How many instances each context has; one where nothing is said, none where 0. */
  readonly instances?: Partial<Readonly<Record<ContextName, number>>>;
  /** More settings for every context's process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Those of whom something personal is shown or done: they are given the keys of people. */
const PERSONAL: ReadonlySet<ContextName> = new Set(["cart", "ordering", "payment", "privacy", "analytics", "operations"]); // prettier-ignore

const SECONDS = 90_000;

/** Call it in `beforeAll`, `stop` in `afterAll`. Needs the built program. */
export async function startFleet({ instances = {}, env = {} }: FleetOptions = {}): Promise<Fleet> {
  const prefix = uniquePrefix();
  const [stores, mongod] = await Promise.all([
    startStores({ need: { eventstore: true } }),
    startMongodWithLogins(prefix),
  ]);
  const { eventstoreUrl } = stores;
  const running = new Set<Instance>();

  const environmentOf = (context: ContextName): NodeJS.ProcessEnv => ({
    EVENTSTORE_URL: eventstoreUrl,
    MONGODB_URL: mongod.login(context),
    MONGODB_URL_OPERATIONS: mongod.login(context === "operations" ? "operations" : "register"),
    ...(PERSONAL.has(context) && {
      MONGODB_URL_KEYS: mongod.login("keys"),
      MASTER_KEY: TEST_MASTER_KEY,
      MASTER_KEY_PREVIOUS: OLD_MASTER_KEY,
    }),
    MONGODB_PREFIX: prefix,
    ADMIN_API_KEY: ADMIN_KEY,
    SHOPPER_SECRET,
    SERVICE_KEY,
    SERVICE_KEY_ALSO: OTHER_SERVICE_KEY,
    GATEWAY_ADVERTISE: "auto",
    GATEWAY_DRAIN: "1",
    LOG_LEVEL: "warn",
    ...env,
  });

  async function begin(context: ContextName, main?: string): Promise<Instance> {
    const program = run(["serve", context, "--port", "0"], environmentOf(context), main);
    const url = await eventually(() => {
      if (program.child.exitCode !== null) throw new Error(`serve ${context} ended: ${program.err()}${program.out()}`);
      return /^serving .* at (\S+)$/m.exec(program.out())?.[1];
    }, SECONDS);
    const instance = { context, url, program };
    running.add(instance);
    void program.ended.then(() => running.delete(instance));
    return instance;
  }

  const wanted = CONTEXTS.flatMap((context) => Array.from({ length: instances[context] ?? 1 }, () => context));
  const stopAll = async () => {
    await Promise.all([...running].map(({ program }) => program.interrupt()));
    await Promise.all([stores.stop(), mongod.stop()]);
  };
  try {
    await Promise.all(wanted.map((context) => begin(context)));
    const gateway = await startGateway({
      host: "127.0.0.1",
      port: 0,
      config: gatewayConfig(
        settings({
          GATEWAY_HEALTH_INTERVAL: "250",
          // Machines that run tests are slow, and their rushes are meant.
          GATEWAY_WAIT: "30000",
        }),
      ),
      log: collectedLog(),
      mongo: { url: mongod.login("gateway"), prefix },
      adminKey: ADMIN_KEY,
      serviceKey: SERVICE_KEY,
    });
    const anyone = new Caller(gateway.url);

    /** Until the gateway would send requests to them. */
    const found = (urls: readonly string[]) =>
      eventually(() => {
        const ready = gateway.gateway.fleet.all.flatMap(({ all }) =>
          all.filter(({ health, draining }) => health === "ready" && !draining).map(({ url }) => url),
        );
        return urls.every((url) => ready.includes(url));
      }, SECONDS);
    await found([...running].map(({ url }) => url));

    return {
      url: gateway.url,
      anyone,
      admin: anyone.with({ "X-API-Key": ADMIN_KEY }),
      mongod,
      prefix,
      eventstoreUrl,
      gateway,
      instances: (context) => [...running].filter((instance) => instance.context === context),
      async join(context, main) {
        const instance = await begin(context, main);
        await found([instance.url]);
        return instance;
      },
      async kill(context) {
        const killed = [...running].filter((instance) => instance.context === context);
        for (const { program } of killed) program.child.kill("SIGKILL");
        await Promise.all(killed.map(({ program }) => program.ended));
      },
      leave: ({ program }) => program.interrupt(),
      async stop() {
        await anyone.close();
        await gateway.stop();
        await stopAll();
      },
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
}
