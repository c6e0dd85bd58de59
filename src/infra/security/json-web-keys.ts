import { createLocalJWKSet, errors, type FlattenedJWSInput, type JSONWebKeySet, type JWSHeaderParameters } from "jose";

/** Neither the issuer's description of itself nor its keys can be had. */
export class IssuerUnavailable extends Error {
  override readonly name = "IssuerUnavailable";
}

export interface KeySetOptions {
  /** Fetches JSON. @throws when it cannot be had */
  readonly fetchJson: (url: string) => Promise<unknown>;
  /** After this time, in ms, the keys are fetched again, while those at hand go on. */
  readonly maxAge?: number;
  /** Keys that cannot be fetched again are good for so long, in ms: one that was taken back ends some time. */
  readonly maxStale?: number;
  /** Between two fetches for the sake of a key that is not known, in ms. */
  readonly cooldown?: number;
  /** After a fetch that failed while there were no keys, in ms. */
  readonly rest?: number;
  readonly now?: () => number;
  readonly report?: (error: Error) => void;
}

type Keys = ReturnType<typeof createLocalJWKSet>;

/**
 * The signing keys of an OpenID Connect issuer: found by its discovery document, fetched once for however many ask,
 * again when they are old or when a token names a key that is new. Keys at hand go on while the issuer is away.
 */
export class IssuerKeys {
  private keys: Keys | undefined;
  private fetchedAt = -Infinity;
  private triedAt = -Infinity;
  private failure: Error | undefined;
  private fetching: Promise<Keys> | undefined;
  private readonly maxAge: number;
  private readonly maxStale: number;
  private readonly cooldown: number;
  private readonly rest: number;
  private readonly now: () => number;

  constructor(
    private readonly issuer: string,
    private readonly options: KeySetOptions,
  ) {
    this.maxAge = options.maxAge ?? 600_000;
    this.maxStale = options.maxStale ?? 86_400_000;
    this.cooldown = options.cooldown ?? 10_000;
    this.rest = options.rest ?? 1_000;
    this.now = options.now ?? Date.now;
  }

  /** The key that a token names, for jose. @throws IssuerUnavailable, or JWKSNoMatchingKey */
  readonly find = async (header: JWSHeaderParameters, token: FlattenedJWSInput): ReturnType<Keys> => {
    const keys = await this.current();
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      // The issuer may have a new key. Strangers who make names up cannot have it asked more often than this.
      if (this.now() - this.triedAt < this.cooldown && this.fetching === undefined) throw error;
      const anew = await this.fetch().catch(() => undefined);
      if (anew === undefined) throw error;
      return anew(header, token);
    }
  };

  private async current(): Promise<Keys> {
    const age = this.now() - this.fetchedAt;
    if (this.keys !== undefined && age < this.maxAge) return this.keys;
    if (this.keys !== undefined && age < this.maxStale) {
      if (this.now() - this.triedAt >= this.cooldown) this.fetch().catch(() => undefined);
      return this.keys;
    }
    if (this.failure !== undefined && this.now() - this.triedAt < this.rest) throw this.failure;
    return this.fetch();
  }

  private fetch(): Promise<Keys> {
    this.fetching ??= this.fetchKeys().finally(() => (this.fetching = undefined));
    return this.fetching;
  }

  private async fetchKeys(): Promise<Keys> {
    this.triedAt = this.now();
    try {
      this.keys = createLocalJWKSet(await this.keySet());
      this.fetchedAt = this.now();
      this.failure = undefined;
      return this.keys;
    } catch (cause) {
      this.failure = new IssuerUnavailable(`The keys of ${this.issuer} cannot be had: ${messageOf(cause)}`, { cause });
      this.options.report?.(this.failure);
      throw this.failure;
    }
  }

  private async keySet(): Promise<JSONWebKeySet> {
    const { fetchJson } = this.options;
    const about = (await fetchJson(`${this.issuer.replace(/\/$/, "")}/.well-known/openid-configuration`)) as {
      readonly issuer?: unknown;
      readonly jwks_uri?: unknown;
    };
    if (about.issuer !== this.issuer) throw new Error(`it calls itself ${String(about.issuer)}`);
    const address = typeof about.jwks_uri === "string" && URL.canParse(about.jwks_uri) && new URL(about.jwks_uri);
    // Who lists its keys in the clear over a network lets anybody on the way exchange them.
    if (!address || (address.protocol !== "https:" && new URL(this.issuer).protocol === "https:"))
      throw new Error(`it names no safe address of its keys: ${String(about.jwks_uri)}`);
    return (await fetchJson(address.href)) as JSONWebKeySet;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
