import { ISO_3166, ISO_4217 } from "../domains/reference";
import { type Engine } from "./engine";
import { type Services } from "../api/services";
import { declineDemoShop, seedDemoShop, setUpReferenceData } from "../tools/seed";

/** How long the read models may take to show a freshly set up shop, in ms. */
const PATIENCE = 60_000;

type Opened = { readonly engine: Engine; readonly services: Services };

/**
 * Gives a new shop its reference data from the process of the reference context alone, which may not claim that it is
 * done: what is there is seen by its own read models. Entries that a later version has otherwise come with `setUpShop`.
 */
export async function setUpReference({ engine, services }: Opened): Promise<void> {
  await engine.level(PATIENCE);
  const counted = (name: string) => engine.models.get("reference", name).collection.countDocuments();
  const [currencies, countries] = await Promise.all([counted("currencies"), counted("countries")]);
  if (currencies >= ISO_4217.length && countries >= ISO_3166.length) return;
  await setUpReferenceData({
    execute: (aggregate, id, command, context) => services.execute(aggregate, id, command, context),
    remember: false,
  });
  await engine.level(PATIENCE);
}

/** Gives a new shop its reference data and, where wanted, the demo articles; does nothing the next time. */
export async function setUpShop(
  { engine, services }: Opened,
  { seed }: { readonly seed: boolean },
): Promise<{ readonly events: number; readonly products: number }> {
  const execute: Services["execute"] = (aggregate, id, command, context) =>
    services.execute(aggregate, id, command, context);
  const [reference, demo] = await Promise.all([
    setUpReferenceData({ execute }),
    seed ? seedDemoShop({ execute }) : declineDemoShop({ execute }),
  ]);
  await engine.level(PATIENCE);
  return { events: reference.events + (demo ? demo.events : 0), products: demo ? demo.products : 0 };
}
