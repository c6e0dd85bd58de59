import { promises as dns } from "node:dns";
import { STANDARD_WEIGHT, type Source, type Target } from "./source";

type DnsSource = Extract<Source, { readonly kind: "dns" | "srv" }>;

/** What is asked of the domain name system. */
export interface Names {
  addresses(name: string): Promise<readonly string[]>;
  services(name: string): Promise<readonly ServiceRecord[]>;
}

export interface ServiceRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/**
 * Names as the machine resolves them, with its hosts file and search domains; or as the given servers do.
 * @param servers e.g. `10.0.0.2:53`
 */
export function systemNames(servers: readonly string[] = []): Names {
  const resolver = new dns.Resolver({ timeout: 2_000, tries: 2 });
  if (servers.length > 0) resolver.setServers(servers);
  return {
    async addresses(name) {
      if (servers.length > 0) return resolver.resolve4(name).catch(() => resolver.resolve6(name));
      return (await dns.lookup(name, { all: true, verbatim: true })).map(({ address }) => address);
    },
    services: (name) => resolver.resolveSrv(name),
  };
}

/** The instances that a name stands for at present. @throws when it cannot be resolved */
export async function resolved(source: DnsSource, names: Names): Promise<readonly Target[]> {
  if (source.kind === "srv") return fromRecords(await names.services(source.name), source.zone);
  const { port, weight, zone } = source;
  const addresses = await names.addresses(source.name);
  return [...new Set(addresses)].map((address) => {
    const url = `http://${address.includes(":") ? `[${address}]` : address}:${port}`;
    return { id: url, url, weight, zone, draining: false };
  });
}

/**
 * Only the records of the lowest priority number count (RFC 2782). Where all have weight 0 they are alike; beside
 * others, weight 0 is the least share.
 */
export function fromRecords(records: readonly ServiceRecord[], zone: string | undefined): readonly Target[] {
  const first = Math.min(...records.map(({ priority }) => priority));
  const meant = records.filter(({ priority }) => priority === first);
  const alike = meant.every(({ weight }) => weight === 0);
  return meant.map(({ name, port, weight }) => {
    const url = `http://${name.replace(/\.$/, "")}:${port}`;
    return { id: url, url, weight: alike ? STANDARD_WEIGHT : Math.max(1, weight), zone, draining: false };
  });
}
