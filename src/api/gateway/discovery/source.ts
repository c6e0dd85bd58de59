/** Where an instance of a service is. */
export interface Target {
  /** Stays the same while the instance lives. */
  readonly id: string;
  /** `http://10.0.0.7:8080`. */
  readonly url: string;
  /** Its share of the work beside others' weights; a canary has a small one. */
  readonly weight: number;
  readonly zone: string | undefined;
  /** It shuts down: what it works on ends well, nothing new is sent there. */
  readonly draining: boolean;
}

export const STANDARD_WEIGHT = 100;

/** Where the instances of a service are learnt. */
export type Source =
  | { readonly kind: "fixed"; readonly targets: readonly Target[] }
  /** Every address that the name has. */
  | { readonly kind: "dns"; readonly name: string; readonly port: number; readonly weight: number; readonly zone: string | undefined } // prettier-ignore
  /** Hosts, ports and weights in the name's SRV records. */
  | { readonly kind: "srv"; readonly name: string; readonly zone: string | undefined }
  /** Instances that say themselves, in MongoDB, where they are. */
  | { readonly kind: "registered" };

/** Sources by service; several of a service add up. `*` is every service that is not named. */
export type Sources = ReadonlyMap<string, readonly Source[]>;

export const sourcesOf = (sources: Sources, service: string): readonly Source[] =>
  sources.get(service) ?? sources.get("*") ?? [];

/**
 * Reads where services are, e.g. `storefront=http://10.0.0.1:8080,http://10.0.0.2:8080#weight=10&zone=b;*=registered`:
 *
 * - `http://host:port` (or `https`): an instance there; `#weight=…&zone=…` say more of it
 * - `dns://name:port`: an instance at each address of the name
 * - `srv://_http._tcp.name`: instances as the SRV records say
 * - `registered`: instances that registered in MongoDB
 *
 * @throws naming the part at fault
 */
export function parseSources(text: string): Sources {
  const sources = new Map<string, readonly Source[]>();
  for (const part of text.split(/[;\n]/).map((each) => each.trim())) {
    if (part === "") continue;
    const [, service, where] = /^([\w*-]+)\s*=\s*(.+)$/.exec(part) ?? [];
    if (service === undefined || where === undefined)
      throw new Error(`each part must be <service>=<where>,… such as storefront=http://10.0.0.1:8080, not "${part}"`);
    sources.set(service, [...(sources.get(service) ?? []), ...merged(where.split(",").map((each) => sourceOf(each)))]);
  }
  return sources;
}

/** Fixed targets that stand side by side become one list. */
function merged(sources: readonly Source[]): readonly Source[] {
  const targets = sources.flatMap((source) => (source.kind === "fixed" ? source.targets : []));
  const others = sources.filter(({ kind }) => kind !== "fixed");
  return targets.length > 0 ? [{ kind: "fixed", targets }, ...others] : others;
}

function sourceOf(where: string): Source {
  const text = where.trim();
  if (text === "registered") return { kind: "registered" };
  if (!URL.canParse(text)) throw notUnderstood(text);
  const url = new URL(text);
  const { weight, zone } = traits(url, text);
  switch (url.protocol) {
    case "http:":
    case "https:":
      if (url.pathname !== "/" || url.search !== "" || url.username !== "") throw notUnderstood(text);
      return { kind: "fixed", targets: [{ id: url.origin, url: url.origin, weight, zone, draining: false }] };
    case "dns:":
      if (url.hostname === "" || url.port === "") throw notUnderstood(text);
      return { kind: "dns", name: url.hostname, port: Number(url.port), weight, zone };
    case "srv:":
      if (url.hostname === "" || url.port !== "") throw notUnderstood(text);
      return { kind: "srv", name: url.hostname, zone };
    default:
      throw notUnderstood(text);
  }
}

function traits(url: URL, text: string): { readonly weight: number; readonly zone: string | undefined } {
  const said = new URLSearchParams(url.hash.slice(1));
  const weight = said.get("weight") ?? String(STANDARD_WEIGHT);
  if (!/^\d{1,6}$/.test(weight)) throw notUnderstood(text);
  return { weight: Number(weight), zone: said.get("zone") ?? undefined };
}

const notUnderstood = (text: string): Error =>
  new Error(
    `an instance must be http(s)://host:port (with #weight=…&zone=… if wanted), dns://name:port, srv://name or registered, not "${text}"`,
  );
