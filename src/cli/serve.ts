import { startShop, type Touchpoint, TOUCHPOINTS } from "../engine/shop";
import { settings } from "../infra/config";
import { createLogger } from "../infra/observability";
import { isLoopback } from "../infra/security";
import { oidcOf, tlsOf } from "./access";
import { type Flags } from "./flags";
import { masterKeysNeeded, masterKeysOf } from "./master-keys";
import { untilStopped } from "./process";
import { registeringAs } from "./registering";
import { givenStores } from "./stores";
import { tracingOf } from "./tracing";

/** What shows or takes in personal data. */
const PERSONAL: ReadonlySet<string> = new Set(["storefront", "backoffice", "analytics"] satisfies Touchpoint[]);

const isTouchpoint = (name: string): name is Touchpoint => (TOUCHPOINTS as readonly string[]).includes(name);

/** `millrace serve`: some of the APIs, while the projections are worked on elsewhere. */
export async function serve(names: readonly string[], flags: Flags): Promise<void> {
  const unknown = names.filter((name) => !isTouchpoint(name));
  if (unknown.length > 0)
    throw new Error(`serve does not know ${unknown.join(", ")}: it can serve ${TOUCHPOINTS.join(", ")}.`);
  const chosen = settings(process.env, flags);
  const tracing = tracingOf(names.join("-"), chosen);
  const log = createLogger({ level: chosen.logLevel });
  const stopped = untilStopped();
  const shop = await startShop({
    ...chosen,
    ...givenStores(chosen),
    mongoPrefix: chosen.mongodbPrefix,
    masterKeys: names.some((name) => PERSONAL.has(name))
      ? masterKeysNeeded(chosen, `serve ${names.join(" ")}`)
      : masterKeysOf(chosen),
    adminKey: chosen.adminApiKey,
    oidc: oidcOf(chosen),
    tls: tlsOf(chosen, log),
    log,
    work: [],
    serve: names.filter(isTouchpoint),
    registering: registeringAs("serve", chosen),
    // What listens on this machine alone has nobody in front who would have to turn elsewhere, unless it says so.
    drain: isLoopback(chosen.host) && chosen.gatewayAdvertise === undefined ? 0 : chosen.gatewayDrain * 1_000,
  });
  process.stdout.write(`serving ${names.join(", ")} at ${shop.url}\n`);
  await stopped;
  await shop.stop();
  await tracing?.stop();
}
