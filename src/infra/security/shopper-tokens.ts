import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import { LRUCache } from "lru-cache";
import { type Shopper } from "./roles";

export interface ShopperTokens {
  /** The token of a shopper (a UUID); the same one every time. */
  issue(shopperId: string): string;
  /** The shopper that a token was issued to; `undefined` when it is not ours. */
  verify(token: string): Shopper | undefined;
}

const KNOWN_TOKENS = 10_000;
const PREFIX = "ms_";
/** 16 bytes of UUID and 32 of HMAC-SHA256 in base64url, no padding. */
const TOKEN = /^ms_[\w-]{64}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether a text looks like a shopper token. */
export const isShopperToken = (text: string): boolean => text.startsWith(PREFIX);

/** Shopper tokens: `ms_` and the shopper's id signed with the shop's secret. They need no store and do not expire. */
export function shopperTokens(secret: string): ShopperTokens {
  const key = createSecretKey(Buffer.from(secret, "utf8"));
  /** Tokens found to be ours; a shopper sends the same one with every call. */
  const known = new LRUCache<string, Shopper>({ max: KNOWN_TOKENS });
  return {
    issue(shopperId) {
      if (!UUID.test(shopperId)) throw new Error(`a shopper id is a UUID in lower case, not ${shopperId}`);
      const id = Buffer.from(shopperId.replaceAll("-", ""), "hex");
      return PREFIX + Buffer.concat([id, signature(key, id)]).toString("base64url");
    },
    verify(token) {
      const before = known.get(token);
      if (before) return before;
      if (!TOKEN.test(token)) return undefined;
      const bytes = Buffer.from(token.slice(PREFIX.length), "base64url");
      const id = bytes.subarray(0, 16);
      if (!timingSafeEqual(bytes.subarray(16), signature(key, id))) return undefined;
      const shopper = { id: uuidOf(id) };
      known.set(token, shopper);
      return shopper;
    },
  };
}

const signature = (key: KeyObject, id: Buffer): Buffer => createHmac("sha256", key).update(id).digest();

function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
