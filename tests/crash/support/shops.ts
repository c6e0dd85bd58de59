import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CONTEXTS } from "../../../src/engine/contexts";
import { freePort } from "../../../src/infra/bundled/mongod/free-port";
import { eventually } from "../../support/eventually";
import { ForeignProcess, MillraceProcess, MongodProcess, type Victim } from "./victims";

export const ADMIN_KEY = "mk_crash-admin-key-0123456789";
export const PREFIX = "crash";

/** A shop of several processes, some of which are to be killed. */
export interface CrashShop {
  /** Where all of it can be reached, whatever is killed meanwhile; at any of them, where there are several. */
  readonly urls: readonly string[];
  readonly victims: readonly Victim[];
  /** Where it keeps its data and logs. */
  readonly folder: string;
  eventstoreUrl(): string;
  mongoUrl(): string;
  /** The shop with one process that does everything, so that it can rebuild; where that is so anyway, as it is. */
  asOne(): Promise<string>;
  /**
   * Ends everything and clears the folder, unless it is to be kept to look into.
   * @throws when a process does not end in good order
   */
  stop(options?: { readonly keep?: boolean }): Promise<void>;
}

/** Seconds; short, so that payments that never answer are given up during the test. */
const ENVIRONMENT = {
  ADMIN_API_KEY: ADMIN_KEY,
  MASTER_KEY: Buffer.alloc(32, 7).toString("base64"),
  MONGODB_PREFIX: PREFIX,
  PAYMENT_TIMEOUT: "2",
};

export type Killed = "engine" | "one of three engines" | "worker" | "event store" | "mongod";

/**
 * Stores as processes of their own, and the engine in one process, or three times over, or as one that serves and two
 * that work.
 */
export async function shopWithGivenStores(killed: Killed): Promise<CrashShop> {
  const folder = newFolder();
  const [port, eventstorePort, sparePort] = await Promise.all([freePort(), freePort(), freePort()]);
  const url = `http://127.0.0.1:${port}`;
  const eventstoreUrl = `esdb://127.0.0.1:${eventstorePort}?tls=false`;
  const eventstore = new MillraceProcess({
    name: "event store",
    args: ["eventstore", "--port", String(eventstorePort), "--data", join(folder, "eventstore")],
    ready: "event store on",
    folder,
  });
  const mongod = new MongodProcess(folder);
  const started: Victim[] = [];
  const begin = async <V extends Victim>(...victims: readonly V[]): Promise<void> => {
    await Promise.all(victims.map((victim) => victim.start()));
    started.unshift(...victims);
  };
  const end = async (...victims: readonly Victim[]): Promise<void> => {
    await Promise.all(victims.map((victim) => victim.stop()));
    for (const victim of victims) started.splice(started.indexOf(victim), 1);
  };
  const stop: CrashShop["stop"] = async ({ keep = false } = {}) => {
    for (const victim of [...started]) await end(victim);
    if (!keep) rmSync(folder, { recursive: true, force: true });
  };
  try {
    await begin<Victim>(eventstore, mongod);
    const env = { ...ENVIRONMENT, EVENTSTORE_URL: eventstoreUrl, MONGODB_URL: mongod.url };
    const engineAt = (at: number) =>
      new MillraceProcess({
        name: `engine-${at}`,
        args: ["start", "--port", String(at), "--data", join(folder, `data-${at}`), "--no-seed"],
        env,
        ready: "Millrace is ready",
        folder,
      });
    const engine = engineAt(port);
    await begin(engine);
    const shared = { urls: [url], folder, eventstoreUrl: () => eventstoreUrl, mongoUrl: () => mongod.url, stop };
    if (killed === "one of three engines") {
      const ports = await Promise.all([freePort(), freePort()]);
      const others = ports.map(engineAt);
      await begin(...others);
      const urls = [url, ...ports.map((at) => `http://127.0.0.1:${at}`)];
      const asOne = () => end(...others).then(() => url);
      return { ...shared, urls, victims: [engine, ...others], asOne };
    }
    if (killed !== "worker") {
      const victims = { engine, "event store": eventstore, mongod };
      return { ...shared, victims: [victims[killed]], asOne: () => Promise.resolve(url) };
    }
    await end(engine);
    const server = new MillraceProcess({
      name: "server",
      args: ["serve", ...CONTEXTS, "--no-work", "--port", String(port)],
      env,
      ready: "serving",
      folder,
    });
    const workers = ["worker-1", "worker-2"].map(
      (name) => new MillraceProcess({ name, args: ["work"], env, ready: "working on", folder }),
    );
    await begin(server, ...workers);
    const asOne = async () => {
      await end(...workers);
      await begin(engineAt(sparePort));
      return `http://127.0.0.1:${sparePort}`;
    };
    return { ...shared, victims: workers, asOne };
  } catch (error) {
    await stop({ keep: true }).catch(() => undefined);
    throw error;
  }
}

/** `millrace start` as most will run it: it brings its own stores, and starts them again when they are killed. */
export async function shopWithOwnStores(): Promise<CrashShop> {
  const folder = newFolder();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const data = join(folder, "data");
  const engine = new MillraceProcess({
    name: "engine",
    args: ["start", "--port", String(port), "--data", data, "--no-seed"],
    env: ENVIRONMENT,
    ready: "Millrace is ready",
    folder,
  });
  await engine.start();
  const ready = async () => {
    await eventually(async () => (await fetch(`${url}/health/ready`)).status === 200, 60_000);
  };
  const record = () =>
    JSON.parse(readFileSync(join(data, "run.json"), "utf8")) as { eventstoreUrl: string; mongoUrl: string };
  const victims = [
    engine,
    new ForeignProcess("its event store", join(data, "eventstore", "lock"), ready),
    new ForeignProcess("its mongod", join(data, "mongodb", "mongod.pid"), ready),
  ];
  return {
    urls: [url],
    folder,
    victims,
    eventstoreUrl: () => record().eventstoreUrl,
    mongoUrl: () => record().mongoUrl,
    asOne: () => Promise.resolve(url),
    async stop({ keep = false } = {}) {
      await engine.stop();
      if (!keep) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-crash-"));
  mkdirSync(join(folder, "data"));
  return folder;
}
