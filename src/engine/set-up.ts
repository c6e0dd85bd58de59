import { type Engine } from "./engine";
import { type Services } from "../api/services";
import { declineDemoShop, seedDemoShop, setUpReferenceData } from "../tools/seed";

/** How long the read models may take to show a freshly set up shop, in ms. */
const PATIENCE = 60_000;

/** Gives a new shop its reference data and, where wanted, the demo articles; does nothing the next time. */
export async function setUpShop(
  { engine, services }: { readonly engine: Engine; readonly services: Services },
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
