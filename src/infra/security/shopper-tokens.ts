import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import { LRUCache } from "lru-cache";
import { type Shopper } from "./roles";

export interface ShopperTokens {
  /** The token of a shopper (a UUID), given at a time in ms; the same one for the same second. */
  issue(shopperId: string, at?: number): string;
  /** From when on a token given at a time in ms works no more. */
  expiryOf(at: number): Date;
  /**
   * The shopper that a token was issued to; `undefined` when it is not ours.
   * @throws ExpiredShopperToken
   */
  verify(token: string): Shopper | undefined;
  /** The token to go on with, for one that is good and has been in use for a while; `undefined`: there is no need yet. */
  renewed(token: string): string | undefined;
}

/** A token that is ours and works no more; the message says so in one sentence. */
export class ExpiredShopperToken extends Error {
  override readonly name = "ExpiredShopperToken";

  /** @param shopper whose it was */
  constructor(
    readonly shopper: Shopper,
    message: string,
  ) {
    super(message);
  }
}

export interface ShopperTokensOptions {
  /** Seconds that a token works. */
  readonly lifetime?: number | undefined;
  readonly now?: () => number;
}

/** Seconds that a token works where nothing else is said: 90 days. */
export const SHOPPER_TOKEN_LIFETIME = 7_776_000;

const KNOWN_TOKENS = 10_000;
const PREFIX = "ms_";
/** 16 bytes of UUID, 4 of the second at which it expires, and 32 of HMAC-SHA256, in base64url without padding. */
const TOKEN = /^ms_[\w-]{70}$/;
/** Of the time before tokens expired: without the second. */
const TIMELESS = /^ms_[\w-]{64}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** Seconds that 4 bytes can count to. */
const LAST_SECOND = 0xff_ff_ff_ff;
/** The part of its life after which a token in use is followed by another. */
const RENEWED_AFTER = 0.1;

interface Known {
  readonly shopper: Shopper;
  /** In ms. */
  readonly expiresAt: number;
}

/** Whether a text looks like a shopper token. */
export const isShopperToken = (text: string): boolean => text.startsWith(PREFIX);

/** Shopper tokens: `ms_` and the shopper's id with its expiry, signed with the shop's secret. They need no store. */
export function shopperTokens(
  secret: string,
  { lifetime = SHOPPER_TOKEN_LIFETIME, now = Date.now }: ShopperTokensOptions = {},
): ShopperTokens {
  const key = createSecretKey(Buffer.from(secret, "utf8"));
  /** Tokens found to be ours; a shopper sends the same one with every call. */
  const known = new LRUCache<string, Known>({ max: KNOWN_TOKENS });

  const expiresAt = (at: number): number => Math.min(LAST_SECOND, Math.floor(at / 1_000) + lifetime);

  function issue(shopperId: string, at = now()): string {
    if (!UUID.test(shopperId)) throw new Error(`a shopper id is a UUID in lower case, not ${shopperId}`);
    const content = Buffer.alloc(20);
    content.write(shopperId.replaceAll("-", ""), "hex");
    content.writeUInt32BE(expiresAt(at), 16);
    return PREFIX + Buffer.concat([content, signature(key, content)]).toString("base64url");
  }

  /** What a token says that is ours. */
  function look(token: string): Known | undefined {
    const isTimeless = TIMELESS.test(token);
    if (!isTimeless && !TOKEN.test(token)) return undefined;
    const bytes = Buffer.from(token.slice(PREFIX.length), "base64url");
    const content = bytes.subarray(0, isTimeless ? 16 : 20);
    if (!timingSafeEqual(bytes.subarray(content.length), signature(key, content))) return undefined;
    return {
      shopper: { id: uuidOf(content.subarray(0, 16)) },
      expiresAt: isTimeless ? 0 : content.readUInt32BE(16) * 1_000,
    };
  }

  return {
    issue,
    expiryOf: (at) => new Date(expiresAt(at) * 1_000),
    verify(token) {
      let found = known.get(token);
      if (found === undefined) {
        found = look(token);
        if (found === undefined) return undefined;
        known.set(token, found);
      }
      if (now() < found.expiresAt) return found.shopper;
      const since = found.expiresAt === 0 ? "" : ` at ${new Date(found.expiresAt).toISOString()}`;
      throw new ExpiredShopperToken(found.shopper, `The shopper token expired${since}.`);
    },
    renewed(token) {
      const found = known.get(token);
      if (found === undefined || found.expiresAt - now() > lifetime * 1_000 * (1 - RENEWED_AFTER)) return undefined;
      return issue(found.shopper.id);
    },
  };
}

const signature = (key: KeyObject, content: Buffer): Buffer => createHmac("sha256", key).update(content).digest();

function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
