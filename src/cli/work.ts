import { actingOf, type Context, isNamed, worksOf } from "../engine/context";
import { contextsOf } from "../engine/contexts";
import { startShop } from "../engine/shop";
import { settings } from "../infra/config";
import { createLogger } from "../infra/observability";
import { serviceKeysOf } from "./access";
import { type Flags } from "./flags";
import { masterKeysNeeded, masterKeysOf } from "./master-keys";
import { untilStopped } from "./process";
import { registeringAs } from "./registering";
import { givenStores } from "./stores";
import { tracingOf } from "./tracing";

/** `millrace work`: projection, feed, process and reaction workers; over HTTP only health, figures and their state. */
export async function work(names: readonly string[], flags: Flags): Promise<void> {
  // Beside a shop that listens on the standard port, a worker takes any other that is free.
  const chosen = settings({ ...process.env, PORT: process.env["PORT"] || "0" }, flags);
  const known = workNames(chosen.paymentTimeout);
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw new Error(`There is no work called ${unknown.join(", ")}. There is: ${[...known].sort().join(", ")}.`);
  const tracing = tracingOf(`work-${names.join("-") || "all"}`, chosen);
  const stopped = untilStopped();
  const shop = await startShop({
    ...chosen,
    ...givenStores(chosen),
    mongoPrefix: chosen.mongodbPrefix,
    masterKeys: acts(names, chosen.paymentTimeout) ? masterKeysNeeded(chosen, "this work") : masterKeysOf(chosen),
    serviceKeys: serviceKeysOf(chosen),
    log: createLogger({ level: chosen.logLevel }),
    work: names.length === 0 ? "all" : names,
    serve: [],
    only: contextsNamed(names, chosen.paymentTimeout),
    registering: registeringAs("work", chosen),
  });
  process.stdout.write(`working on ${names.length === 0 ? "everything" : names.join(", ")}, figures at ${shop.url}\n`);
  await stopped;
  await shop.stop();
  await tracing?.stop();
}

/** The contexts that the named work is of; all when none is named. */
export function contextsNamed(names: readonly string[], paymentTimeout: number): readonly string[] | undefined {
  if (names.length === 0) return undefined;
  return contextsOf({ paymentTimeout }).flatMap((context) =>
    partsOf(context).some((part) => names.includes(part)) ? [context.name] : [],
  );
}

/** Whether processes or reactions are among the work: they act on personal data, while read models only pass it on. */
function acts(names: readonly string[], paymentTimeout: number): boolean {
  const parts = contextsOf({ paymentTimeout }).flatMap(actingOf);
  return parts.some((part) => names.length === 0 || isNamed(names, part));
}

/** Contexts, and their parts by `<context>.<name>` and by name alone. */
const workNames = (paymentTimeout: number): Set<string> => new Set(contextsOf({ paymentTimeout }).flatMap(partsOf));

const partsOf = (context: Context): readonly string[] => [
  context.name,
  ...worksOf(context).flatMap((part) => [part.name, `${part.context}.${part.name}`]),
];
