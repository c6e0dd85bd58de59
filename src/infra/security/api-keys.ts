import { createHash, randomBytes } from "node:crypto";
import { type Principal } from "./roles";

/** Where principals are kept, under the hash of their key; the key itself is kept nowhere. */
export interface ApiKeyStore {
  find(hash: string): Promise<Principal | undefined>;
}

/** Of keys that are made here. A merchant's own may look otherwise. */
const PREFIX = "mk_";
/** Shopper tokens begin with `ms_`, tokens of an identity provider with `eyJ`, and no key does. */
const KEY = /^(?!ms_|eyJ)[\w.~-]{16,128}$/;

/** A new key: 32 random bytes. Shown once; only its hash is kept. */
export function newApiKey(): { readonly key: string; readonly hash: string } {
  const key = PREFIX + randomBytes(32).toString("base64url");
  return { key, hash: hashApiKey(key) };
}

/** SHA-256 in hex. The key has 256 random bits, so a slow hash would add nothing. */
export const hashApiKey = (key: string): string => createHash("sha256").update(key).digest("hex");

/** Whether a text has the form of an API key: 16 to 128 characters that need no quoting anywhere. */
export const isApiKey = (text: string): boolean => KEY.test(text);

export interface ApiKeysOptions {
  /** How long an answer of the store is trusted, in ms: a key taken back works so long. */
  readonly ttl?: number;
  /** The same for keys that the store does not know. */
  readonly unknownTtl?: number;
  readonly capacity?: number;
  readonly now?: () => number;
}

interface Kept {
  readonly principal: Principal | undefined;
  readonly until: number;
}

/** Looks keys up in the store and remembers the answers for a while. */
export class ApiKeys {
  private readonly kept = new Map<string, Kept>();
  private readonly asked = new Map<string, Promise<Principal | undefined>>();
  private readonly ttl: number;
  private readonly unknownTtl: number;
  private readonly capacity: number;
  private readonly now: () => number;

  constructor(
    private readonly store: ApiKeyStore,
    options: ApiKeysOptions = {},
  ) {
    this.ttl = options.ttl ?? 30_000;
    this.unknownTtl = options.unknownTtl ?? 2_000;
    this.capacity = options.capacity ?? 1_000;
    this.now = options.now ?? Date.now;
  }

  /** The key's principal: at once when known, otherwise as soon as the store answers. */
  principal(key: string): Principal | undefined | Promise<Principal | undefined> {
    if (!isApiKey(key)) return undefined;
    const hash = hashApiKey(key);
    const kept = this.kept.get(hash);
    if (kept !== undefined && kept.until > this.now()) return kept.principal;
    return this.asked.get(hash) ?? this.ask(hash);
  }

  /** Forgets all answers, after keys were changed. */
  forget(): void {
    this.kept.clear();
  }

  private ask(hash: string): Promise<Principal | undefined> {
    const answer = this.store
      .find(hash)
      .then((principal) => {
        this.keep(hash, principal);
        return principal;
      })
      .finally(() => this.asked.delete(hash));
    this.asked.set(hash, answer);
    return answer;
  }

  private keep(hash: string, principal: Principal | undefined): void {
    this.kept.delete(hash);
    if (this.kept.size >= this.capacity) {
      const oldest = this.kept.keys().next();
      if (!oldest.done) this.kept.delete(oldest.value);
    }
    this.kept.set(hash, { principal, until: this.now() + (principal ? this.ttl : this.unknownTtl) });
  }
}
