import {
  ExpiredShopperToken,
  hasRole,
  hasScope,
  type Identity,
  isLocalRequest,
  type Principal,
  rolesOf,
  type ServiceTokenCheck,
} from "../../infra/security";
import { credentialOf, type CredentialOptions, identityOf, notKnown, nothingShown } from "./authenticate";
import { admitHop } from "./hop";
import { Problem } from "./problem";
import { type RequestContext } from "./request-context";
import { type RoleSecurity, type Security } from "./route";

export interface AccessOptions extends CredentialOptions {
  /** The server listens on this machine alone, and routes that say so are open to everyone on it. */
  readonly openOnLoopback?: boolean;
  /** Gateways sign their requests: see `admitHop`. */
  readonly hop?: ServiceTokenCheck | undefined;
}

const ANONYMOUS: Principal = { name: "anonymous", roles: [] };

/**
 * Lets the caller in or not; a promise only when something has to be asked for it.
 * @throws Problem 401 or 403, or 503 when who calls cannot be told at present
 */
export function authorise(context: RequestContext, security: Security, access: AccessOptions): void | Promise<void> {
  const { hop } = access;
  const admitted = hop && admitHop(context.request.headers, context.path, hop);
  return admitted ? admitted.then(() => authoriseCaller(context, security, access)) : authoriseCaller(context, security, access); // prettier-ignore
}

/** The same without a look at how the request came. */
export function authoriseCaller(
  context: RequestContext,
  security: Security,
  access: AccessOptions,
): void | Promise<void> {
  if (security === "public") return;
  const asShopper = typeof security !== "object";
  const { headers } = context.request;
  const credential = credentialOf(headers, asShopper);
  if (credential === undefined) {
    if (security === "optional-shopper") return;
    if (!asShopper && security.openOnLoopback && access.openOnLoopback && isLocalRequest(headers)) {
      context.identify({ principal: ANONYMOUS });
      context.actor = ANONYMOUS.name;
      return;
    }
    throw nothingShown(asShopper);
  }
  const decide = (identity: Identity | undefined): void => {
    if (identity === undefined) throw notKnown(credential, asShopper);
    context.identity = identity;
    if (asShopper) {
      admitShopper(context, security === "shopper", identity);
      context.renewal = access.shoppers?.renewed(credential);
    } else admitPrincipal(context, security, identity);
  };
  const failed = (error: unknown): void => {
    // Where no token is needed, one that has expired is none; it may still say whose cart it was.
    if (security === "optional-shopper" && error instanceof ExpiredShopperToken) {
      context.lapsed = error.shopper;
      return;
    }
    throw error instanceof Problem ? error : notKnown(credential, asShopper, error);
  };
  try {
    const found = identityOf(credential, access);
    return found instanceof Promise ? found.then(decide).catch(failed) : decide(found);
  } catch (error) {
    failed(error);
  }
}

/** A back office may look at the shop with its key in hand, but has no carts there. */
function admitShopper(context: RequestContext, required: boolean, identity: Identity): void {
  if (identity.shopper !== undefined) return context.identify({ shopper: identity.shopper });
  if (required) throw roleRequired(["customer"], identity);
}

function admitPrincipal(context: RequestContext, security: RoleSecurity, identity: Identity): void {
  const { principal } = identity;
  if (principal === undefined || !hasRole(principal, security.roles)) throw roleRequired(security.roles, identity);
  const scope = context.route?.method === "GET" ? "read" : "write";
  if (!hasScope(principal, scope))
    throw new Problem(403, "scope-required", `This needs the scope ${scope}, which the key does not have.`, {
      details: { required: [scope], scopes: principal.scopes },
    });
  context.identify({ principal });
}

const roleRequired = (required: readonly string[], identity: Identity): Problem =>
  new Problem(403, "role-required", `This needs the role ${required.join(" or ")}.`, {
    details: { required, roles: rolesOf(identity) },
  });
