import { type ContextName, CONTEXTS, contextsOf, isContext } from "../engine/contexts";
import { setUpReference } from "../engine/set-up";
import { startShop } from "../engine/shop";
import { settings } from "../infra/config";
import { createLogger } from "../infra/observability";
import { isLoopback } from "../infra/security";
import { oidcOf, serviceKeysOf, tlsOf } from "./access";
import { type Flags } from "./flags";
import { masterKeysNeeded, masterKeysOf } from "./master-keys";
import { untilStopped } from "./process";
import { registeringAs } from "./registering";
import { givenStores } from "./stores";
import { tracingOf } from "./tracing";

/** `millrace serve`: bounded contexts as a process of their own, with their APIs, projections and processes. */
export async function serve(names: readonly string[], flags: Flags): Promise<void> {
  const contexts = contextsNamed(names);
  const chosen = settings(process.env, flags);
  const tracing = tracingOf(names.join("-"), chosen);
  const log = createLogger({ level: chosen.logLevel });
  const stopped = untilStopped(chosen.gatewayDrain * 1_000);
  const works = flags["work"] !== false;
  const shop = await startShop({
    ...chosen,
    ...givenStores(chosen),
    mongoPrefix: chosen.mongodbPrefix,
    masterKeys: contextsOf(chosen).some(({ name, personal }) => personal && names.includes(name))
      ? masterKeysNeeded(chosen, `serve ${names.join(" ")}`)
      : masterKeysOf(chosen),
    adminKey: chosen.adminApiKey,
    oidc: oidcOf(chosen),
    serviceKeys: serviceKeysOf(chosen),
    tls: tlsOf(chosen, log),
    log,
    work: works ? contexts : [],
    serve: contexts,
    only: contexts,
    registering: registeringAs("serve", chosen),
    // What listens on this machine alone has nobody in front who would have to turn elsewhere, unless it says so.
    drain: isLoopback(chosen.host) && chosen.gatewayAdvertise === undefined ? 0 : chosen.gatewayDrain * 1_000,
    // A shop begins with the world's currencies and countries: whose they are sees to it.
    ...(works && contexts.includes("reference") && { beforeOpening: setUpReference }),
  });
  process.stdout.write(`serving ${names.join(", ")} at ${shop.url}\n`);
  await stopped;
  await shop.stop();
  await tracing?.stop();
}

/** @throws when a name is no context's */
function contextsNamed(names: readonly string[]): readonly ContextName[] {
  const known = `The contexts are ${CONTEXTS.join(", ")}.`;
  if (names.length === 0) throw new Error(`serve wants the names of the contexts to serve. ${known}`);
  const unknown = names.filter((name) => !isContext(name));
  if (unknown.length > 0) throw new Error(`There is no context ${unknown.join(", ")}. ${known}`);
  return [...new Set(names.filter(isContext))];
}
