import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { type Quota, type Rate, TokenBucket } from "./token-bucket";

/** What limits there are; none where nothing is said. */
export interface Limits {
  /** For each address that calls. */
  readonly client: Rate | undefined;
  /** For each API key or shopper token. */
  readonly key: Rate | undefined;
  /** For each caller on a route, by operationId. */
  readonly routes: ReadonlyMap<string, Rate>;
}

export const NO_LIMITS: Limits = { client: undefined, key: undefined, routes: new Map() };

/** Callers that are remembered; a bucket that was forgotten is a full one. */
const REMEMBERED = 100_000;

/** A bucket and the name under which gateways share it. */
export interface NamedBucket {
  readonly name: string;
  readonly bucket: TokenBucket;
}

/** The limit that is nearest to being reached, or was. */
export interface Ruling extends Quota {
  readonly policy: "client" | "key" | "route";
  readonly rate: Rate;
}

export interface Asking {
  readonly client: string;
  /** The token or key that the caller shows. */
  readonly credential: string | undefined;
  readonly operationId: string;
}

/** Token buckets by client, key and route. */
export class Limiter {
  /** Requests refused, by the limit that they had reached. */
  readonly refused = { client: 0, key: 0, route: 0 };
  private readonly buckets = new LRUCache<string, NamedBucket>({ max: REMEMBERED });

  constructor(
    private readonly limits: Limits,
    private readonly now: () => number,
  ) {}

  /** Whether there is anything to ask. */
  get isOff(): boolean {
    const { client, key, routes } = this.limits;
    return client === undefined && key === undefined && routes.size === 0;
  }

  /** Takes one request from each limit that is meant; `undefined` when none is. */
  ask({ client, credential, operationId }: Asking): Ruling | undefined {
    const { limits } = this;
    const caller = credential === undefined ? client : secretName(credential);
    let ruling: Ruling | undefined;
    const judge = (policy: Ruling["policy"], name: string, rate: Rate | undefined) => {
      if (rate === undefined || ruling?.admitted === false) return;
      const next: Ruling = { ...this.bucket(`${policy} ${name}`, rate).take(this.now()), policy, rate };
      if (ruling === undefined || !next.admitted || next.remaining < ruling.remaining) ruling = next;
    };
    judge("route", `${operationId} ${caller}`, limits.routes.get(operationId));
    if (credential !== undefined) judge("key", caller, limits.key);
    judge("client", client, limits.client);
    if (ruling?.admitted === false) this.refused[ruling.policy]++;
    return ruling;
  }

  /** All buckets that are remembered; for sharing. */
  *all(): Generator<NamedBucket> {
    yield* this.buckets.values();
  }

  private bucket(name: string, rate: Rate): TokenBucket {
    let named = this.buckets.get(name);
    if (named === undefined) this.buckets.set(name, (named = { name, bucket: new TokenBucket(rate, this.now()) }));
    return named.bucket;
  }
}

/** Credentials are kept as what they cannot be made from again. */
const secretName = (credential: string): string => createHash("sha256").update(credential).digest("base64url");

/**
 * What the caller is told of its limit: `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers), as a
 * flat list.
 */
export function rateHeaders({ policy, rate, remaining, retryAfter }: Ruling): readonly string[] {
  const reset = Math.ceil(remaining > 0 ? ((rate.requests - remaining) / rate.requests) * rate.seconds : retryAfter);
  return [
    "RateLimit-Policy",
    `"${policy}";q=${rate.requests};w=${rate.seconds}`,
    "RateLimit",
    `"${policy}";r=${remaining};t=${reset}`,
  ];
}
