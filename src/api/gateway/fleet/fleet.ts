import { type InstanceDocument } from "../../../infra/mongo";
import { type Logger } from "../../../infra/observability";
import { type ChangeWatch } from "../cache/changes";
import { type GatewayConfig } from "../config";
import { Discovery } from "../discovery/discovery";
import { type Names } from "../discovery/dns";
import { Service, type ServiceOptions } from "./service";

export interface FleetOptions {
  /** Services by name; `kept`: public reads of theirs are kept. */
  readonly services: ReadonlyMap<string, { readonly kept: boolean }>;
  readonly names: (servers: readonly string[]) => Names;
  readonly registered?: (() => Promise<readonly InstanceDocument[]>) | undefined;
  readonly changes: ChangeWatch;
  readonly log: Logger;
  readonly sign?: ((service: string) => string) | undefined;
}

/** The least that an instance is given to do at once, however slow its answers become. */
const LEAST_AT_ONCE = 16;

/** How long the first answers of instances are waited for, in ms. */
const FIRST_ANSWERS = 3_000;

/** All services with their instances. */
export class Fleet {
  private readonly services = new Map<string, Service>();
  private discovery: Discovery | undefined;

  constructor(private readonly options: FleetOptions) {}

  service(name: string): Service | undefined {
    return this.services.get(name);
  }

  get all(): readonly Service[] {
    return [...this.services.values()];
  }

  /** Finds the instances, or finds them anew with other settings. */
  async start(config: GatewayConfig): Promise<void> {
    const { log, names, registered } = this.options;
    const serviceOptions = this.serviceOptions(config);
    for (const name of this.options.services.keys()) {
      const service = this.services.get(name);
      if (service) service.configure(serviceOptions);
      else this.services.set(name, new Service(name, serviceOptions));
    }
    const before = this.discovery;
    this.discovery = new Discovery({
      services: [...this.services.keys()],
      sources: config.sources,
      names: names(config.dnsServers),
      registered,
      changed: (name, targets) => this.services.get(name)?.update(targets),
      report: (message, details) => log.warn(details, message),
    });
    before?.stop();
    await this.discovery.start();
    await Promise.race([
      Promise.all(this.all.map((service) => service.settled())),
      new Promise((resolve) => setTimeout(resolve, FIRST_ANSWERS).unref()),
    ]);
  }

  async close(): Promise<void> {
    this.discovery?.stop();
    await Promise.all(this.all.map((service) => service.close()));
  }

  private serviceOptions(config: GatewayConfig): ServiceOptions {
    return {
      zone: config.zone,
      health: config.health,
      most: config.concurrency,
      least: Math.min(LEAST_AT_ONCE, config.concurrency),
      wait: config.wait,
      now: () => performance.now(),
      sign: this.options.sign,
      report: (message, details) => this.options.log.info(details, message),
      changed: ({ name, all }) => {
        if (this.options.services.get(name)?.kept) this.options.changes.watch(name, all);
      },
    };
  }
}
