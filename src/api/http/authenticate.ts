import { type IncomingHttpHeaders } from "node:http";
import {
  type ApiKeys,
  hasRole,
  isLocalRequest,
  isShopperToken,
  type Principal,
  type ShopperTokens,
} from "../../infra/security";
import { Problem } from "./problem";
import { type RequestContext } from "./request-context";
import { type RoleSecurity, type Security } from "./route";

export interface AccessOptions {
  readonly shoppers?: ShopperTokens;
  readonly apiKeys?: ApiKeys;
  /** The server listens on this machine alone, and routes that say so are open to everyone on it. */
  readonly openOnLoopback?: boolean;
}

const ANONYMOUS: Principal = { name: "anonymous", roles: [] };
const BEARER = "bearer ";

/**
 * Lets the caller in or not; a promise only when the store of keys has to be asked.
 * @throws Problem 401 or 403
 */
export function authorise(context: RequestContext, security: Security, access: AccessOptions): void | Promise<void> {
  if (security === "public") return;
  return typeof security === "object"
    ? authoriseKey(context, security, access)
    : authoriseShopper(context, security === "shopper", access);
}

function bearer(headers: IncomingHttpHeaders): string | undefined {
  const { authorization } = headers;
  if (authorization === undefined) return undefined;
  const isBearer =
    authorization.length > BEARER.length && authorization.slice(0, BEARER.length).toLowerCase() === BEARER;
  return isBearer ? authorization.slice(BEARER.length).trim() : undefined;
}

function authoriseShopper(context: RequestContext, required: boolean, access: AccessOptions): void | Promise<void> {
  const { headers } = context.request;
  const own = headers["shopper-token"];
  const carried = bearer(headers);
  const token = typeof own === "string" ? own : carried !== undefined && isShopperToken(carried) ? carried : undefined;
  if (token !== undefined) {
    const shopper = access.shoppers?.verify(token);
    if (shopper === undefined) throw invalidShopperToken();
    return context.identify({ shopper });
  }
  if (carried === undefined) return admitWithout(required);
  // A back office may look at the shop with its key in hand; any other bearer token is a mistake worth telling.
  const found = access.apiKeys?.principal(carried);
  const admit = (principal: Principal | undefined) => {
    if (principal === undefined) throw invalidShopperToken();
    admitWithout(required);
  };
  return found instanceof Promise ? found.then(admit) : admit(found);
}

function admitWithout(required: boolean): void {
  if (!required) return;
  throw unauthorised(
    "shopper-token-required",
    "Send the shopper token that making the cart gave you, as Authorization: Bearer or Shopper-Token.",
  );
}

const invalidShopperToken = (): Problem =>
  unauthorised("invalid-shopper-token", "The shopper token is not one of ours.", "invalid_token");

function authoriseKey(context: RequestContext, security: RoleSecurity, access: AccessOptions): void | Promise<void> {
  const { headers } = context.request;
  const own = headers["x-api-key"];
  const key = typeof own === "string" ? own : bearer(headers);
  if (key === undefined) {
    if (security.openOnLoopback && access.openOnLoopback && isLocalRequest(headers)) {
      context.identify({ principal: ANONYMOUS });
      context.actor = ANONYMOUS.name;
      return;
    }
    throw unauthorised("api-key-required", "Send an API key, as Authorization: Bearer or X-API-Key.");
  }
  const found = access.apiKeys?.principal(key);
  if (found instanceof Promise) return found.then((principal) => admit(context, security, principal));
  admit(context, security, found);
}

function admit(context: RequestContext, security: RoleSecurity, principal: Principal | undefined): void {
  if (principal === undefined)
    throw unauthorised("invalid-api-key", "The API key is not one of ours.", "invalid_token");
  if (!hasRole(principal, security.roles))
    throw new Problem(403, "role-required", `This needs the role ${security.roles.join(" or ")}.`, {
      details: { required: security.roles, roles: principal.roles },
    });
  context.identify({ principal });
}

function unauthorised(code: string, detail: string, error?: string): Problem {
  const challenge = `Bearer realm="millrace"${error ? `, error="${error}"` : ""}`;
  return new Problem(401, code, detail, { headers: { "WWW-Authenticate": challenge } });
}
