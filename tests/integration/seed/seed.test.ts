import { catalogEvents, claimKey } from "../../../src/domains/catalog";
import { inventoryEvents } from "../../../src/domains/inventory";
import { pricingEvents } from "../../../src/domains/pricing";
import { referenceEvents } from "../../../src/domains/reference";
import { EventLog } from "../../../src/infra/eventstore";
import { CommandHandler } from "../../../src/infra/runtime";
import { type Execute, seedDemoShop, setUpReferenceData } from "../../../src/tools/seed";
import { startStores, type TestStores } from "../../support/stores";

let stores: TestStores;
let log: EventLog;

beforeAll(async () => {
  stores = await startStores({ need: { eventstore: true } });
  log = new EventLog(stores.eventstoreUrl, {
    ...catalogEvents,
    ...inventoryEvents,
    ...pricingEvents,
    ...referenceEvents,
  });
});
afterAll(async () => {
  await log.close();
  await stores.stop();
});

/** The command side of a process that has just begun: nothing is in its memory. */
const begun = () => {
  const handler = new CommandHandler(log);
  const execute: Execute = async (aggregate, id, command, context) => {
    const outcome = await handler.execute(aggregate, id, command, context);
    return outcome.accepted ? outcome : outcome.error;
  };
  return { execute, figures: handler.figures };
};
const typesIn = async (stream: string) => {
  const types = [];
  for await (const event of log.readStream(stream)) types.push(event.type);
  return types;
};

describe("what a new shop starts with, in the event store", () => {
  test("the reference data: interrupted, completed, then left alone by every later start", async () => {
    const abort = new AbortController();
    const { execute } = begun();
    let commands = 0;
    const interrupted: Execute = (...command) => {
      if (++commands === 300) abort.abort();
      return execute(...command);
    };
    await expect(setUpReferenceData({ execute: interrupted, signal: abort.signal })).rejects.toThrow("abort");
    const report = await setUpReferenceData({ execute: begun().execute });
    expect(report.events).toBeGreaterThan(200);
    expect(await typesIn("currency-EUR")).toEqual(["CurrencyDefined"]);
    expect(await typesIn("country-GB")).toEqual(["CountryDefined"]);
    expect(await typesIn("taxrate-GB")).toEqual(["TaxRateSet", "TaxRateSet", "TaxRateSet"]);

    const later = begun();
    expect((await setUpReferenceData({ execute: later.execute })).events).toBe(0);
    expect(later.figures).toMatchObject({ commands: 1, appends: 0 });
  });

  test("the demo shop: interrupted, completed, then left alone by every later start", async () => {
    const abort = new AbortController();
    const progress = (done: number) => {
      if (done === 40) abort.abort();
    };
    await expect(seedDemoShop({ execute: begun().execute, progress, signal: abort.signal })).rejects.toThrow("abort");
    const report = await seedDemoShop({ execute: begun().execute });
    expect(report).toMatchObject({ products: 150, skus: 180 });
    expect(await typesIn("price-DEMO-47566")).toEqual(Array.from({ length: 6 }, () => "PriceSet"));
    expect(await typesIn("stock-main-DEMO-47566")).toEqual(["StockReceived"]);
    expect(await typesIn(`claim-${claimKey.sku("DEMO-47566")}`)).toEqual(["Claimed"]);

    const later = begun();
    expect((await seedDemoShop({ execute: later.execute })).events).toBe(0);
    expect(later.figures).toMatchObject({ commands: 1, appends: 0 });
  });
});
