import { type Settings } from "../infra/config";
import { type Logger } from "../infra/observability";
import { type OidcOptions } from "../infra/security";

/** The identity provider that the settings name, if any. */
export function oidcOf(
  chosen: Pick<Settings, "oidcIssuer" | "oidcAudience" | "oidcRolesClaim">,
): OidcOptions | undefined {
  const { oidcIssuer: issuer, oidcAudience: audience, oidcRolesClaim: rolesClaim } = chosen;
  return issuer === undefined ? undefined : { issuer, audience, rolesClaim };
}

/** The files for HTTPS that the settings name, if any. @throws when there is only one of the two */
export function tlsOf({ tlsCert: cert, tlsKey: key }: Pick<Settings, "tlsCert" | "tlsKey">, log: Logger) {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined)
    throw new Error(`TLS_CERT and TLS_KEY go together: ${cert === undefined ? "TLS_CERT" : "TLS_KEY"} is not set.`);
  return {
    cert,
    key,
    report: (err: Error) => log.error({ err }, "the new certificate cannot be used: the old one stays"),
  };
}
