import { type IncomingHttpHeaders } from "node:http";
import { InvalidServiceToken, SERVICE_TOKEN_HEADER, type ServiceTokenCheck } from "../../infra/security";
import { Problem } from "./problem";

/**
 * What proxies say of a caller. Nothing here takes an identity from any of it; where the caller is, and whether it is
 * this machine, is believed of a gateway alone.
 */
const TELLS_OF_CALLER =
  /^(?:forwarded|x-forwarded-.+|x-real-ip|x-(?:actor|user|principal|roles?|remote|client|authenticated|auth-request)(?:-.+)?|remote-user|x-shopper(?:-.+)?|x-millrace-.+)$/;

/**
 * Looks at how a request came, where gateways sign theirs: one that says who calls and is not signed is refused, and so
 * is whoever wants what services tell gateways alone.
 * @throws Problem 401 or 403
 */
export function admitHop(headers: IncomingHttpHeaders, path: string, check: ServiceTokenCheck): void | Promise<void> {
  const token = headers[SERVICE_TOKEN_HEADER];
  if (typeof token === "string") {
    try {
      const checked = check(token);
      return checked instanceof Promise ? checked.catch(refuse) : undefined;
    } catch (error) {
      refuse(error);
    }
  }
  if (path.startsWith("/internal/"))
    throw new Problem(401, "service-token-required", "This is for gateways of the shop, which sign their requests.");
  for (const name in headers)
    if (TELLS_OF_CALLER.test(name))
      throw new Problem(
        403,
        "unsigned-identity",
        `The header ${name} is for a gateway to set, which signs its requests.`,
        {
          details: { header: name },
        },
      );
}

function refuse(error: unknown): never {
  if (!(error instanceof InvalidServiceToken)) throw error;
  throw new Problem(401, "invalid-service-token", error.message, { cause: error });
}
