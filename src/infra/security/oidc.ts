import { errors, jwtVerify, type JWTPayload } from "jose";
import { LRUCache } from "lru-cache";
import { deriveId } from "../runtime/ids";
import { IssuerKeys, IssuerUnavailable, type KeySetOptions } from "./json-web-keys";
import { type Identity, isRole, type Principal, type Role } from "./roles";

/** A token that is not good; the message says why in one sentence, and nothing of the token itself. */
export class InvalidToken extends Error {
  override readonly name = "InvalidToken";
}

export interface OidcOptions extends Partial<KeySetOptions> {
  /** As it stands in the tokens, e.g. `https://login.example.com/realms/shop`. */
  readonly issuer: string;
  /** What a token must be meant for. */
  readonly audience: string;
  /** The claim that lists roles; dots lead into what is nested, as in `realm_access.roles`. */
  readonly rolesClaim: string;
}

export interface UserTokens {
  /**
   * Who a token speaks for: at once when it was seen before.
   * @throws InvalidToken, or IssuerUnavailable when there are no keys to tell by
   */
  verify(token: string): Identity | Promise<Identity>;
}

/** Signatures by a private key only: with a shared secret whoever can verify could sign. */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
/** Seconds that the clocks of issuer and shop may be apart. */
const SKEW = 5;
/** Longer than any that an issuer gives; verifying has a price. */
const LONGEST = 8_192;
/** A token that was found to be good is believed for so long, in ms, without looking at its signature again. */
const BELIEVED = 60_000;
const FETCH_PATIENCE = 5_000;

/** `eyJ` is `{"` in base64url, which a signed token begins with; no key or shopper token does. */
export const isUserToken = (text: string): boolean => /^eyJ[\w-]*\.[\w-]*\.[\w-]*$/.test(text);

/** Tokens that an OpenID Connect issuer gave (RFC 7519, RFC 9068). */
export function oidcTokens({ issuer, audience, rolesClaim, ...options }: OidcOptions): UserTokens {
  const now = options.now ?? Date.now;
  const keys = new IssuerKeys(issuer, { fetchJson, ...options });
  const known = new LRUCache<string, { readonly identity: Identity; readonly until: number }>({ max: 5_000 });

  async function verified(token: string): Promise<Identity> {
    let claims: JWTPayload;
    try {
      const { payload } = await jwtVerify(token, keys.find, {
        algorithms: ALGORITHMS,
        issuer,
        audience,
        clockTolerance: SKEW,
        requiredClaims: ["sub", "exp"],
        currentDate: new Date(now()),
      });
      claims = payload;
    } catch (error) {
      if (error instanceof IssuerUnavailable) throw error;
      throw new InvalidToken(reasonOf(error), { cause: error });
    }
    const { sub = "", exp = 0 } = claims;
    if (sub === "" || sub.length > 255) throw new InvalidToken("The token's sub must be 1 to 255 characters.");
    const identity = identityOf(issuer, sub, rolesIn(claims, rolesClaim));
    known.set(token, { identity, until: Math.min(now() + BELIEVED, exp * 1_000) });
    return identity;
  }

  return {
    verify(token) {
      const before = known.get(token);
      if (before !== undefined && before.until > now()) return before.identity;
      if (token.length > LONGEST) throw new InvalidToken(`A token is ${LONGEST} characters long at most.`);
      return verified(token);
    },
  };
}

/** A subject that says nothing of a person to those who read the log. */
const OPAQUE = /^[\w.:|~-]{1,128}$/;

/** A customer is a shopper of the shop, always the same one. Names that tell of a person (e-mail) are not kept. */
function identityOf(issuer: string, sub: string, roles: readonly Role[]): Identity {
  const name = OPAQUE.test(sub) ? sub : deriveId("oidc-subject", issuer, sub);
  const principal: Principal = { kind: "user", name, roles };
  return roles.includes("customer") ? { principal, shopper: { id: deriveId("shopper", issuer, sub) } } : { principal };
}

/** The roles that a claim lists, as a list or as words; names that are no roles of ours are passed over. */
export function rolesIn(claims: JWTPayload, path: string): readonly Role[] {
  const listed = claims[path] ?? path.split(".").reduce<unknown>(member, claims);
  const names: readonly unknown[] = typeof listed === "string" ? listed.split(/[\s,]+/) : asList(listed);
  return [...new Set(names.filter(isRole))];
}

const member = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return "The token has expired.";
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === "aud") return "The token is meant for somebody else (aud).";
    if (error.claim === "iss") return "The token is from another issuer (iss).";
    if (error.claim === "nbf") return "The token is not valid yet (nbf).";
    return `The token's claim ${error.claim} is missing or wrong.`;
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return "The token is not signed in a way that is taken here (alg).";
  if (error instanceof errors.JWKSNoMatchingKey) return "The token is signed with a key that its issuer does not list.";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "The token's signature is wrong.";
  return "The token is not well formed.";
}

async function fetchJson(url: string): Promise<unknown> {
  const response = await fetch(url, {
    redirect: "error",
    headers: { Accept: "application/json" },
    signal: AbortSignal.timeout(FETCH_PATIENCE),
  });
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return response.json();
}
