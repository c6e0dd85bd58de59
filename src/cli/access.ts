import { type Settings } from "../infra/config";
import { type OidcOptions } from "../infra/security";

/** The identity provider that the settings name, if any. */
export function oidcOf(
  chosen: Pick<Settings, "oidcIssuer" | "oidcAudience" | "oidcRolesClaim">,
): OidcOptions | undefined {
  const { oidcIssuer: issuer, oidcAudience: audience, oidcRolesClaim: rolesClaim } = chosen;
  return issuer === undefined ? undefined : { issuer, audience, rolesClaim };
}
