import { createHmac, createSecretKey, timingSafeEqual } from "node:crypto";
import { errors, jwtVerify, type JWTPayload } from "jose";
import { LRUCache } from "lru-cache";

/** The header in which a gateway shows a service that a request comes through it. */
export const SERVICE_TOKEN_HEADER = "x-millrace-token";

/** A token that no gateway of the shop gave, or not for this service, or not just now; the message says why. */
export class InvalidServiceToken extends Error {
  override readonly name = "InvalidServiceToken";
}

/** The secrets that gateways and services share. */
export interface ServiceKeys {
  /** Signs. */
  readonly key: string;
  /** What else is taken: the key before, or the next one. */
  readonly also?: readonly string[] | undefined;
}

const ISSUER = "millrace-gateway";
/** Seconds that a token is good for. */
const LIFE = 60;
/** One token serves for so many seconds, so that a request costs nothing. */
const REUSED = 20;
/** Seconds that the clocks of gateway and service may be apart. */
const SKEW = 5;
const KNOWN = 1_000;
const LONGEST = 1_024;

/** Makes the token for requests to a service (JWT, HS256): the same for some seconds, good for a minute. */
export function serviceTokenSigner(key: string, now: () => number = Date.now): (service: string) => string {
  const secret = createSecretKey(Buffer.from(key, "utf8"));
  const kept = new Map<string, { readonly token: string; readonly until: number }>();
  return (service) => {
    const at = Math.floor(now() / 1_000);
    const before = kept.get(service);
    // A clock that was put back must not keep a token of the future.
    if (before !== undefined && at < before.until && at >= before.until - REUSED) return before.token;
    const claims: JWTPayload = { iss: ISSUER, aud: service, iat: at, exp: at + LIFE };
    const signed = `${encoded({ alg: "HS256", typ: "JWT" })}.${encoded(claims)}`;
    const token = `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
    kept.set(service, { token, until: at + REUSED });
    return token;
  };
}

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Says whether a token is good: at once for one that was seen before. @throws InvalidServiceToken */
export type ServiceTokenCheck = (token: string) => void | Promise<void>;

/** Looks at tokens for any of the given services. */
export function serviceTokenCheck(
  { key, also = [] }: ServiceKeys,
  services: readonly string[],
  now: () => number = Date.now,
): ServiceTokenCheck {
  const secrets = [key, ...also].map((each) => createSecretKey(Buffer.from(each, "utf8")));
  /** When tokens that were found to be good end, in ms. */
  const known = new LRUCache<string, number>({ max: KNOWN });

  async function verify(token: string): Promise<void> {
    const signed = token.slice(0, token.lastIndexOf("."));
    const signature = Buffer.from(token.slice(signed.length + 1), "base64url");
    const secret = secrets.find((each) => {
      const own = createHmac("sha256", each).update(signed).digest();
      return signature.length === own.length && timingSafeEqual(signature, own);
    });
    if (secret === undefined)
      throw new InvalidServiceToken("The service token is not signed by a gateway of this shop.");
    try {
      const { payload } = await jwtVerify(token, secret, {
        algorithms: ["HS256"],
        issuer: ISSUER,
        audience: [...services],
        clockTolerance: SKEW,
        maxTokenAge: LIFE + SKEW,
        requiredClaims: ["exp", "iat"],
        currentDate: new Date(now()),
      });
      // Whoever signs for longer does not do as gateways do.
      const { exp = 0, iat = 0 } = payload;
      if (exp - iat > LIFE) throw new InvalidServiceToken(`A service token is good for ${LIFE} seconds at most.`);
      known.set(token, Math.min(exp, iat + LIFE) * 1_000);
    } catch (error) {
      throw error instanceof InvalidServiceToken ? error : new InvalidServiceToken(reasonOf(error), { cause: error });
    }
  }

  return (token) => {
    const until = known.get(token);
    if (until !== undefined && until > now()) return;
    if (token.length > LONGEST) throw new InvalidServiceToken("The service token is not well formed.");
    return verify(token);
  };
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return "The service token has expired.";
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === "aud")
    return "The service token is meant for another service.";
  if (error instanceof errors.JWTClaimValidationFailed)
    return `The service token's claim ${error.claim} is missing or wrong.`;
  return "The service token is not well formed.";
}
