import { createHash, randomBytes } from "node:crypto";
import { type Principal } from "./roles";

/** A key as it is kept, under its hash; the key itself is kept nowhere. */
export interface StoredKey {
  readonly principal: Principal;
  /** From then on it does not work. */
  readonly expiresAt?: Date | undefined;
  /** Since then it does not work. */
  readonly revokedAt?: Date | undefined;
}

/** Where keys are kept. */
export interface ApiKeyStore {
  find(hash: string): Promise<StoredKey | undefined>;
  /** Notes when keys were last used, by their hashes. */
  used?(uses: ReadonlyMap<string, Date>): Promise<void>;
}

/** A key that is ours but works no more; the message says why in one sentence. */
export class SpentKey extends Error {
  override readonly name = "SpentKey";
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

/** A use is noted so soon, in ms, together with those that come until then. */
const SOON = 1_000;

export interface ApiKeysOptions {
  /** An answer of the store is as good as asking for so long, in ms; then it is asked again beside the request. */
  readonly fresh?: number;
  /** A key taken back works so long at most, in ms: then requests wait for the store's answer. */
  readonly ttl?: number;
  /** The same for keys that the store does not know. */
  readonly unknownTtl?: number;
  /** While the store does not answer, what it said last goes on for so long, in ms. */
  readonly stale?: number;
  /** How long a request waits for the store when there is an answer of before, in ms. */
  readonly patience?: number;
  /** How often it is noted at most which keys were used, in ms. */
  readonly noting?: number;
  readonly capacity?: number;
  readonly now?: () => number;
}

interface Kept {
  readonly found: StoredKey | undefined;
  readonly at: number;
}

interface Asked {
  readonly answer: Promise<Kept>;
  readonly at: number;
}

/**
 * Looks keys up in the store and remembers the answers for moments, so that a key that is revoked works nowhere a few
 * seconds later. Expiry needs no asking.
 */
export class ApiKeys {
  private readonly kept = new Map<string, Kept>();
  private readonly asked = new Map<string, Asked>();
  /** When keys were last used that is not noted yet. */
  private uses = new Map<string, Date>();
  private notedAt = -Infinity;
  private failedAt = -Infinity;
  private timer: NodeJS.Timeout | undefined;
  private readonly options: Required<ApiKeysOptions>;

  constructor(
    private readonly store: ApiKeyStore,
    options: ApiKeysOptions = {},
  ) {
    this.options = {
      fresh: 1_000,
      ttl: 3_000,
      unknownTtl: 2_000,
      stale: 60_000,
      patience: 500,
      noting: 10_000,
      capacity: 1_000,
      now: Date.now,
      ...options,
    };
  }

  /**
   * The key's principal: at once when known, otherwise as soon as the store answers; `undefined` for one that is nobody's.
   * @throws SpentKey when it has expired or was revoked
   */
  principal(key: string): Principal | undefined | Promise<Principal | undefined> {
    if (!isApiKey(key)) return undefined;
    const hash = hashApiKey(key);
    const kept = this.kept.get(hash);
    if (kept === undefined) return this.ask(hash).answer.then((answer) => this.admit(hash, answer));
    const { fresh, ttl, unknownTtl } = this.options;
    const age = this.options.now() - kept.at;
    if (age < (kept.found ? fresh : unknownTtl)) return this.admit(hash, kept);
    const asked = this.ask(hash);
    if (kept.found && (age < ttl || this.isAway(kept, asked))) {
      asked.answer.catch(() => undefined);
      return this.admit(hash, kept);
    }
    return this.within(asked, kept).then((answer) => this.admit(hash, answer));
  }

  /** Notes what is left to note. */
  async stop(): Promise<void> {
    await this.note();
    clearTimeout(this.timer);
  }

  /** One write for all keys that were used since the last; what cannot be written is tried again the next time. */
  async note(): Promise<void> {
    const { uses } = this;
    clearTimeout(this.timer);
    this.timer = undefined;
    if (uses.size === 0) return;
    this.uses = new Map();
    this.notedAt = this.options.now();
    try {
      await this.store.used?.(uses);
    } catch {
      for (const [hash, at] of uses) if (!this.uses.has(hash)) this.uses.set(hash, at);
    }
  }

  /** Notes a use soon where none has been noted for a while, else when it is time again. */
  private use(hash: string, now: number): void {
    if (!this.store.used) return;
    this.uses.set(hash, new Date(now));
    if (this.timer) return;
    const { noting } = this.options;
    const wait = Math.min(noting, Math.max(SOON, this.notedAt + noting - now));
    this.timer = setTimeout(() => void this.note(), wait).unref();
  }

  private admit(hash: string, { found }: Kept): Principal | undefined {
    if (found === undefined) return undefined;
    const now = this.options.now();
    if (found.revokedAt !== undefined) throw new SpentKey("The API key was revoked.");
    if (found.expiresAt !== undefined && found.expiresAt.getTime() <= now)
      throw new SpentKey(`The API key expired at ${found.expiresAt.toISOString()}.`);
    this.use(hash, now);
    return found.principal;
  }

  /** Whether there is no use in waiting: the store did not answer the question before, or takes too long with this one. */
  private isAway(kept: Kept, asked: Asked): boolean {
    const { now, stale, patience, fresh } = this.options;
    const at = now();
    return at - kept.at < stale && (at - asked.at >= patience || at - this.failedAt < fresh);
  }

  /** The store's answer, or that of before when it does not come. */
  private async within({ answer }: Asked, before: Kept): Promise<Kept> {
    const { now, stale, patience } = this.options;
    if (before.found === undefined || now() - before.at >= stale) return answer;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Kept>((resolve) => (timer = setTimeout(() => resolve(before), patience)));
    try {
      return await Promise.race([answer, late]);
    } catch {
      return before;
    } finally {
      clearTimeout(timer);
    }
  }

  private ask(hash: string): Asked {
    const running = this.asked.get(hash);
    if (running) return running;
    const at = this.options.now();
    const answer = this.store
      .find(hash)
      .then(
        (found) => this.keep(hash, { found, at }),
        (error: unknown) => {
          this.failedAt = this.options.now();
          throw error;
        },
      )
      .finally(() => this.asked.delete(hash));
    const asked = { answer, at };
    this.asked.set(hash, asked);
    return asked;
  }

  private keep(hash: string, kept: Kept): Kept {
    this.kept.delete(hash);
    if (this.kept.size >= this.options.capacity) {
      const oldest = this.kept.keys().next();
      if (!oldest.done) this.kept.delete(oldest.value);
    }
    this.kept.set(hash, kept);
    return kept;
  }
}
