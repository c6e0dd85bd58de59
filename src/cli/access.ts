import { type Settings } from "../infra/config";
import { type Logger } from "../infra/observability";
import { type OidcOptions, type ServiceKeys } from "../infra/security";

/** The identity provider that the settings name, if any. */
export function oidcOf(
  chosen: Pick<Settings, "oidcIssuer" | "oidcAudience" | "oidcRolesClaim">,
): OidcOptions | undefined {
  const { oidcIssuer: issuer, oidcAudience: audience, oidcRolesClaim: rolesClaim } = chosen;
  return issuer === undefined ? undefined : { issuer, audience, rolesClaim };
}

/** What gateways and services know each other by, if anything. @throws when only further keys are set */
export function serviceKeysOf({
  serviceKey: key,
  serviceKeyAlso: also,
}: Pick<Settings, "serviceKey" | "serviceKeyAlso">): ServiceKeys | undefined {
  // prettier-ignore
  if (key === undefined && also !== undefined) throw new Error("SERVICE_KEY_ALSO is of use beside SERVICE_KEY alone, which is not set."); // prettier-ignore
  return key === undefined ? undefined : { key, also };
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
