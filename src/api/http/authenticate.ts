import { type IncomingHttpHeaders } from "node:http";
import {
  type ApiKeys,
  ExpiredShopperToken,
  type Identity,
  InvalidToken,
  IssuerUnavailable,
  isShopperToken,
  isUserToken,
  type ShopperTokens,
  SpentKey,
  type UserTokens,
} from "../../infra/security";
import { Problem } from "./problem";

/** What callers can be known by. */
export interface CredentialOptions {
  readonly shoppers?: ShopperTokens | undefined;
  readonly apiKeys?: ApiKeys | undefined;
  /** Tokens of an identity provider. */
  readonly users?: UserTokens | undefined;
}

type Headers = IncomingHttpHeaders;

const BEARER = "bearer ";

function bearer({ authorization }: Headers): string | undefined {
  if (authorization === undefined) return undefined;
  const isBearer =
    authorization.length > BEARER.length && authorization.slice(0, BEARER.length).toLowerCase() === BEARER;
  return isBearer ? authorization.slice(BEARER.length).trim() : undefined;
}

const oneOf = (header: string | string[] | undefined): string | undefined =>
  typeof header === "string" ? header : undefined;

/** What the caller shows, where it acts as a shopper, and where by its roles. */
export const credentialOf = (headers: Headers, asShopper: boolean): string | undefined =>
  asShopper
    ? (oneOf(headers["shopper-token"]) ?? bearer(headers) ?? oneOf(headers["x-api-key"]))
    : (oneOf(headers["x-api-key"]) ?? bearer(headers));

/**
 * Whom a credential speaks for: at once when that is known here; `undefined` when it is not ours.
 * @throws InvalidToken, SpentKey, ExpiredShopperToken, IssuerUnavailable, or an error of the store of keys
 */
export function identityOf(
  credential: string,
  { shoppers, apiKeys, users }: CredentialOptions,
): Identity | undefined | Promise<Identity | undefined> {
  if (isShopperToken(credential)) {
    const shopper = shoppers?.verify(credential);
    return shopper && { shopper };
  }
  if (isUserToken(credential)) return users?.verify(credential);
  const principal = apiKeys?.principal(credential);
  if (principal instanceof Promise) return principal.then((found) => found && { principal: found });
  return principal && { principal };
}

/** The answer to a credential that is not good. */
export function notKnown(credential: string, asShopper: boolean, error?: unknown): unknown {
  if (error instanceof IssuerUnavailable) return issuerAway(error);
  if (error instanceof InvalidToken) return unauthorised("invalid-token", error.message, "invalid_token");
  if (error instanceof ExpiredShopperToken)
    return unauthorised("shopper-token-expired", error.message, "invalid_token");
  if (error instanceof SpentKey) return unauthorised("invalid-api-key", error.message, "invalid_token");
  if (error !== undefined) return error;
  if (isUserToken(credential))
    return unauthorised("invalid-token", "Tokens of an identity provider are not taken here.", "invalid_token");
  return asShopper
    ? unauthorised("invalid-shopper-token", "The shopper token is not one of ours.", "invalid_token")
    : unauthorised("invalid-api-key", "The API key is not one of ours.", "invalid_token");
}

/** The answer to a caller that shows nothing. */
export const nothingShown = (asShopper: boolean): Problem =>
  asShopper
    ? unauthorised(
        "shopper-token-required",
        "Send the shopper token that making the cart gave you, as Authorization: Bearer or Shopper-Token.",
      )
    : unauthorised("api-key-required", "Send an API key or an access token, as Authorization: Bearer or X-API-Key.");

/** 503: whether the token is good cannot be told, as its issuer's keys cannot be had. */
const issuerAway = (cause: IssuerUnavailable): Problem =>
  new Problem(503, "issuer-unavailable", "The identity provider does not answer at present. Try again.", {
    headers: { "Retry-After": "2" },
    cause,
  });

/** 401 with its challenge (RFC 6750). The texts of `detail` are ours and have no quotes in them. */
function unauthorised(code: string, detail: string, error?: string): Problem {
  const reason = error === undefined ? "" : `, error="${error}", error_description="${detail}"`;
  return new Problem(401, code, detail, { headers: { "WWW-Authenticate": `Bearer realm="millrace"${reason}` } });
}
