import { startShop, type Touchpoint, TOUCHPOINTS } from "../engine/shop";
import { settings } from "../infra/config";
import { createLogger } from "../infra/observability";
import { type Flags } from "../main";
import { untilStopped } from "./process";
import { givenStores } from "./stores";

const isTouchpoint = (name: string): name is Touchpoint => (TOUCHPOINTS as readonly string[]).includes(name);

/** `millrace serve`: some of the APIs, while the projections are worked on elsewhere. */
export async function serve(names: readonly string[], flags: Flags): Promise<void> {
  const unknown = names.filter((name) => !isTouchpoint(name));
  if (unknown.length > 0)
    throw new Error(`serve does not know ${unknown.join(", ")}: it can serve ${TOUCHPOINTS.join(", ")}.`);
  const chosen = settings(process.env, flags);
  const stopped = untilStopped();
  const shop = await startShop({
    ...chosen,
    ...givenStores(chosen),
    mongoPrefix: chosen.mongodbPrefix,
    adminKey: chosen.adminApiKey,
    log: createLogger({ level: chosen.logLevel }),
    work: [],
    serve: names.filter(isTouchpoint),
  });
  process.stdout.write(`serving ${names.join(", ")} at ${shop.url}\n`);
  await stopped;
  await shop.stop();
}
