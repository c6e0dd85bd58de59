import { type InstanceDocument } from "../../../infra/mongo";
import { type Names, resolved } from "./dns";
import { type Source, type Sources, sourcesOf, type Target } from "./source";

/** How often it is looked where instances are, in ms. */
const EVERY = { registered: 1_000, dns: 5_000 };

export interface DiscoveryOptions {
  readonly services: readonly string[];
  readonly sources: Sources;
  readonly names: Names;
  /** Absent where there is no MongoDB to ask. */
  readonly registered?: (() => Promise<readonly InstanceDocument[]>) | undefined;
  /** Called with all instances of a service, at first and whenever they are others. */
  changed(service: string, targets: readonly Target[]): void;
  report(message: string, details: object): void;
  readonly every?: typeof EVERY;
}

/**
 * Keeps up with where instances are. What cannot be learnt now (the name server is away, say) stays as it was known
 * last: whether instances answer is seen by asking them.
 */
export class Discovery {
  private readonly known = new Map<Source, readonly Target[]>();
  private registry: readonly InstanceDocument[] = [];
  private readonly told = new Map<string, string>();
  private readonly failing = new Set<string>();
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(private readonly options: DiscoveryOptions) {}

  /** Resolves when it has been looked once. */
  async start(): Promise<void> {
    const { dns: everyDns, registered } = this.options.every ?? EVERY;
    await Promise.all([this.lookUp(), this.readRegistry()]);
    this.tell();
    this.repeat(everyDns, () => this.lookUp());
    this.repeat(registered, () => this.readRegistry());
  }

  stop(): void {
    for (const timer of this.timers) clearInterval(timer);
  }

  private repeat(every: number, look: () => Promise<void>): void {
    let looking = false;
    const timer = setInterval(() => {
      if (looking) return;
      looking = true;
      void look().finally(() => {
        looking = false;
        this.tell();
      });
    }, every).unref();
    this.timers.push(timer);
  }

  private get sources(): readonly Source[] {
    const { services, sources } = this.options;
    return [...new Set(services.flatMap((service) => sourcesOf(sources, service)))];
  }

  private async lookUp(): Promise<void> {
    await Promise.all(
      this.sources.map(async (source) => {
        if (source.kind === "fixed") this.known.set(source, source.targets);
        if (source.kind !== "dns" && source.kind !== "srv") return;
        await this.trying(source.name, async () => {
          this.known.set(source, await resolved(source, this.options.names));
        });
      }),
    );
  }

  private async readRegistry(): Promise<void> {
    const { registered } = this.options;
    if (registered === undefined || !this.sources.some(({ kind }) => kind === "registered")) return;
    await this.trying("the register of instances", async () => {
      this.registry = await registered();
    });
  }

  /** One line when something cannot be learnt, and one when it can again. */
  private async trying(what: string, look: () => Promise<void>): Promise<void> {
    try {
      await look();
      if (this.failing.delete(what)) this.options.report(`${what} can be read again`, {});
    } catch (error) {
      if (this.failing.has(what)) return;
      this.failing.add(what);
      this.options.report(`${what} cannot be read: instances stay as they were known last`, { err: error });
    }
  }

  private tell(): void {
    for (const service of this.options.services) {
      const targets = this.targetsOf(service);
      const text = JSON.stringify(targets);
      if (this.told.get(service) === text) continue;
      this.told.set(service, text);
      this.options.changed(service, targets);
    }
  }

  private targetsOf(service: string): readonly Target[] {
    const targets = sourcesOf(this.options.sources, service).flatMap((source) =>
      source.kind === "registered" ? registeredTargets(this.registry, service) : (this.known.get(source) ?? []),
    );
    return [...new Map(targets.map((target) => [target.id, target])).values()];
  }
}

/** The instances of a service among those that registered. */
export function registeredTargets(registry: readonly InstanceDocument[], service: string): readonly Target[] {
  return registry.flatMap(({ _id: id, services, url, weight, zone, state }) =>
    services.includes(service) ? [{ id, url, weight, zone: zone ?? undefined, draining: state === "draining" }] : [],
  );
}
