import { catalogEvents, type CatalogEvent, claim } from "../../../../src/domains/catalog";
import { inventoryEvents } from "../../../../src/domains/inventory";
import { type EventCatalogue, streamCategory, type Timestamp } from "../../../../src/domains/kernel";
import { priceAt, type PriceEntry, pricingEvents } from "../../../../src/domains/pricing";
import { declineDemoShop, seedDemoShop } from "../../../../src/tools/seed";
import { demoArticles } from "../../../../src/tools/seed/articles";
import { MemoryLog } from "./memory-log";

const catalogue: EventCatalogue = { ...catalogEvents, ...inventoryEvents, ...pricingEvents };
const at = "2026-01-01T00:00:00.000Z";

type Of<T extends CatalogEvent["type"]> = Extract<CatalogEvent, { type: T }>["data"];
const dataOf = <T>(log: MemoryLog, type: string): T[] =>
  log.events.filter(({ event }) => event.type === type).map(({ event }) => event.data as T);

describe("demo shop", () => {
  let log: MemoryLog;
  beforeEach(() => {
    log = new MemoryLog();
  });

  it("is in the log as its articles say", async () => {
    const { categories, products } = await demoArticles();
    const variants = products.flatMap((product) => product.variants);
    const report = await seedDemoShop({ execute: log.execute, at });
    expect(report).toEqual({
      categories: categories.length,
      products: products.length,
      skus: variants.length,
      events: log.events.length,
    });
    expect(dataOf(log, "CategoryCreated")).toHaveLength(categories.length);
    expect(dataOf(log, "ProductDrafted")).toHaveLength(products.length);
    expect(dataOf(log, "ProductPublished")).toHaveLength(products.length);
    expect(dataOf(log, "PriceSet")).toHaveLength(
      variants.reduce((sum, { tradePrices }) => sum + (tradePrices === undefined ? 3 : 6), 0),
    );
    const pieces = dataOf<{ quantity: number }>(log, "StockReceived").reduce((sum, { quantity }) => sum + quantity, 0);
    expect(pieces).toBe(variants.reduce((sum, { stock }) => sum + stock, 0));
  });

  it("writes only events that their schemas take", async () => {
    await seedDemoShop({ execute: log.execute, at });
    const refused = log.events.filter(({ event }) => !catalogue[event.type]?.schema.safeParse(event.data).success);
    expect(refused).toEqual([]);
  });

  it("gives every product a slug and SKUs of its own, and has claimed them for it", async () => {
    await seedDemoShop({ execute: log.execute, at });
    const names = dataOf<Of<"ProductDrafted">>(log, "ProductDrafted").flatMap(({ productId, slug, variants }) => [
      { key: `slug:${slug}`, owner: productId },
      ...variants.map(({ sku }) => ({ key: `sku:${sku}`, owner: productId as string })),
    ]);
    expect(new Set(names.map(({ key }) => key)).size).toBe(names.length);
    for (const { key, owner } of names)
      expect(log.of(`${claim.category}-${key}`)).toEqual([{ type: "Claimed", data: { key, owner } }]);
  });

  it("puts every product into categories that are there, in a tree", async () => {
    await seedDemoShop({ execute: log.execute, at });
    const categories = dataOf<Of<"CategoryCreated">>(log, "CategoryCreated");
    const ids = new Set(categories.map(({ categoryId }) => categoryId));
    const parents = categories.flatMap(({ parentId }) => (parentId === null ? [] : [parentId]));
    expect(parents.length).toBeGreaterThan(0);
    expect(parents.filter((id) => !ids.has(id))).toEqual([]);
    const named = dataOf<Of<"ProductDrafted">>(log, "ProductDrafted").flatMap((product) => product.categories);
    expect(named.filter((id) => !ids.has(id))).toEqual([]);
  });

  it("sells every SKU in three currencies, some cheaper to the trade", async () => {
    await seedDemoShop({ execute: log.execute, at });
    const bySku = new Map<string, PriceEntry[]>();
    for (const { sku, ...entry } of dataOf<PriceEntry & { sku: string }>(log, "PriceSet"))
      bySku.set(sku, [...(bySku.get(sku) ?? []), entry]);
    let cheaper = 0;
    for (const prices of bySku.values())
      for (const currency of ["GBP", "EUR", "USD"]) {
        const general = priceAt(prices, { currency, customerGroup: null, at: at as Timestamp });
        const trade = priceAt(prices, { currency, customerGroup: "trade", at: at as Timestamp });
        expect(Number(general?.amount)).toBeGreaterThan(0);
        if (Number(trade?.amount) < Number(general?.amount)) cheaper++;
      }
    expect(bySku.size).toBe(dataOf<Of<"ProductDrafted">>(log, "ProductDrafted").flatMap((p) => p.variants).length);
    expect(cheaper).toBeGreaterThanOrEqual(3);
  });

  it("has products with variants, articles that are sold out, and articles that nearly are", async () => {
    const { products } = await demoArticles();
    expect(products.filter(({ variants }) => variants.length > 1).length).toBeGreaterThanOrEqual(2);
    const stocks = products.flatMap(({ variants }) => variants.map(({ stock }) => stock));
    expect(stocks.filter((stock) => stock === 0).length).toBeGreaterThanOrEqual(2);
    expect(stocks.filter((stock) => stock > 0 && stock < 10).length).toBeGreaterThanOrEqual(2);
  });

  it("is there once: a second seed looks at one stream and writes nothing", async () => {
    await seedDemoShop({ execute: log.execute, at });
    const { length } = log.events;
    log.commands = 0;
    expect((await seedDemoShop({ execute: log.execute })).events).toBe(0);
    expect(log.commands).toBe(1);
    expect(log.events).toHaveLength(length);
  });

  it("is not put among a merchant's own articles by a later start, once it was declined", async () => {
    await declineDemoShop({ execute: log.execute });
    await declineDemoShop({ execute: log.execute });
    expect((await seedDemoShop({ execute: log.execute })).events).toBe(0);
    expect(log.events).toHaveLength(1);
  });

  it.each([1, 30, 400, 900])("goes on after it was broken off by a failure after %i commands", async (commands) => {
    const whole = new MemoryLog();
    await seedDemoShop({ execute: whole.execute, at });

    log.left = commands;
    await expect(seedDemoShop({ execute: log.execute, at })).rejects.toThrow("cannot be reached");
    log.left = Infinity;
    await seedDemoShop({ execute: log.execute });
    expect(contents(log)).toEqual(contents(whole));
  });

  it("goes on after an abort, and begins no further product after it", async () => {
    const abort = new AbortController();
    const progress = (done: number) => {
      if (done === 10) abort.abort();
    };
    await expect(seedDemoShop({ execute: log.execute, progress, signal: abort.signal })).rejects.toThrow("abort");
    const drafted = dataOf(log, "ProductDrafted").length;
    expect(drafted).toBe(dataOf(log, "ProductPublished").length);
    expect(drafted).toBeLessThan(150);
    await seedDemoShop({ execute: log.execute });
    expect(dataOf(log, "ProductPublished")).toHaveLength(150);
  });

  it("reports progress and keeps many commands under way", async () => {
    const seen: [number, number][] = [];
    await seedDemoShop({ execute: log.execute, progress: (done, total) => seen.push([done, total]) });
    expect(seen.map(([done]) => done)).toEqual(Array.from({ length: 150 }, (_, index) => index + 1));
    expect(seen.every(([, total]) => total === 150)).toBe(true);
    expect(log.mostUnderWay).toBeGreaterThan(100);
  });

  it("says what stands in its way", async () => {
    const key = "categoryslug:garden";
    log.streams.set(`claim-${key}`, [{ commandId: "x", event: { type: "Claimed", data: { key, owner: "another" } } }]);
    await expect(seedDemoShop({ execute: log.execute })).rejects.toThrow(
      "claim-categoryslug:garden: categoryslug:garden belongs to another owner.",
    );
  });
});

/** Every stream with its events. */
const contents = (log: MemoryLog) =>
  [...log.streams.keys()].sort().map((stream) => [stream, streamCategory(stream) === "price" ? sorted(log.of(stream)) : log.of(stream)]); // prettier-ignore

const sorted = (events: readonly unknown[]) => events.map((event) => JSON.stringify(event)).sort();
