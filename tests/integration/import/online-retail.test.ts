import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Document } from "mongodb";
import { claim, claimKey, product } from "../../../src/domains/catalog";
import { sum, type Timestamp } from "../../../src/domains/kernel";
import { contextsOf } from "../../../src/engine/contexts";
import { Engine } from "../../../src/engine/engine";
import { newId } from "../../../src/infra/runtime";
import { ownPositions, untilLevel } from "../../../src/cli/level";
import { importOnlineRetail, type Execute, type ImportOptions } from "../../../src/tools/online-retail/import";
import { productIdOf } from "../../../src/tools/online-retail/identity";
import { eventually } from "../../support/eventually";
import { TEST_MASTER_KEYS } from "../../support/master-keys";
import { startStores, uniquePrefix, type TestStores } from "../../support/stores";

const EXCERPT = join(__dirname, "../../fixtures/online-retail/excerpt.csv");
const MISFITS = join(__dirname, "../../fixtures/online-retail/misfits.csv");

const suites: TestStores[] = [];
const engines: Engine[] = [];
let folder: string;

beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "millrace-import-"))));
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.stop()));
  await Promise.all(suites.splice(0).map((stores) => stores.stop()));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Contexts whose read models are built where a test looks at them. */
const WORKED = ["catalog", "pricing", "inventory", "ordering.orders", "storefront", "analytics"];

/** A shop of its own: each test begins with an empty log. */
async function shop(work: readonly string[] = []): Promise<Engine> {
  const stores = await startStores();
  suites.push(stores);
  const engine = await Engine.start({
    contexts: contextsOf({ paymentTimeout: 60 }),
    eventstoreUrl: stores.eventstoreUrl,
    mongoUrl: stores.mongoUrl,
    mongoPrefix: uniquePrefix(),
    writeConcern: 1,
    work,
    masterKeys: TEST_MASTER_KEYS,
    report: () => undefined,
  });
  engines.push(engine);
  return engine;
}

const executeIn =
  (engine: Engine): Execute =>
  async (...command) => {
    const outcome = await engine.commands.execute(...command);
    return outcome.accepted ? outcome : outcome.error;
  };

const importInto = (engine: Engine, file: string, options: Partial<ImportOptions> = {}) =>
  importOnlineRetail({
    file,
    execute: executeIn(engine),
    endPosition: () => engine.log.endPosition(),
    concurrency: 32,
    ...options,
  });

/** The import again from another process, which keeps nothing in memory of the first. */
async function importAgain(engine: Engine, file: string) {
  const other = await Engine.start({
    contexts: contextsOf({ paymentTimeout: 60 }),
    eventstoreUrl: engine.log.url,
    mongoUrl: suites[0]?.mongoUrl ?? "",
    mongoPrefix: uniquePrefix(),
    work: [],
    masterKeys: TEST_MASTER_KEYS,
    report: () => undefined,
  });
  engines.push(other);
  return importInto(other, file);
}

async function level(engine: Engine): Promise<void> {
  const end = await engine.log.endPosition();
  expect(await untilLevel(async () => ownPositions(engine), end, { signal: AbortSignal.timeout(30_000) })).toBe(true);
}

/** Every document of the read models, without what tells when and at which place in the log it came about. */
async function state(engine: Engine): Promise<Record<string, Document[]>> {
  await level(engine);
  const models: Record<string, Document[]> = {};
  for (const { context, name } of engine.models.all()) {
    if (!engine.runners.has(`${context}.${name}`)) continue;
    const model = engine.models.get(context, name);
    const documents = await model.opened(await model.collection.find().toArray());
    const plain = documents.map(({ _id, position: _, seq: __, ...rest }: Document) =>
      context === "analytics" ? rest : { _id, ...rest },
    );
    models[`${context}.${name}`] = sorted(plain);
  }
  return models;
}
const sorted = (documents: readonly Document[]) =>
  documents
    .map(
      (document) =>
        [
          JSON.stringify(document, (_, value: unknown) => (typeof value === "bigint" ? `${value}` : value)),
          document,
        ] as const,
    ) // prettier-ignore
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, document]) => document);

/** Events of every stream by name and revision; without their ids, which each decision has of its own. */
async function streams(engine: Engine): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const { event } of engine.log.connect().client.readAll({})) {
    if (!event || event.streamId.startsWith("$")) continue;
    const data = await engine.log.codec.personal.openValue(event.data);
    found.set(`${event.streamId}@${event.revision}`, `${event.type} ${JSON.stringify(data)}`);
  }
  return found;
}

test("the excerpt becomes orders, articles, prices and stock, and adds up to the last digit", async () => {
  const engine = await shop(WORKED);
  const report = await importInto(engine, EXCERPT);
  expect(report).toMatchObject({
    rows: 359,
    fates: { sale: 337, creditNote: 12, accountingAdjustment: 3, stockAdjustment: 7, setAside: 0 },
    documents: { new: 47, known: 0, different: 0 },
    stockChanges: { new: 7 },
    amount: "-2389.008",
    traded: "-2389.008",
    different: [],
  });
  await level(engine);

  const orders = engine.models.get("ordering", "orders").collection;
  expect(await orders.countDocuments()).toBe(47);
  const [one] = await engine.models.get("ordering", "orders").opened(await orders.find({ number: "536365" }).toArray());
  expect(one).toMatchObject({
    kind: "order",
    source: "online-retail",
    status: "imported",
    customer: "17850",
    country: "United Kingdom",
    countryCode: "GB",
    lineCount: 7,
    pieces: 40,
    placedAt: "2010-12-01T08:26:00.000Z",
  });
  expect(await orders.findOne({ number: "C536379" } as never)).toMatchObject({ kind: "credit-note", pieces: -1 });
  expect(await orders.findOne({ number: "A563186" } as never)).toMatchObject({ kind: "adjustment" });

  const lines = await engine.models.get("analytics", "order-lines").collection.find().toArray();
  expect(lines).toHaveLength(352);
  expect(sum(lines.map((line) => String((line as unknown as { amount: unknown }).amount)))).toBe("-2389.008");

  const heart = await engine.models.get("catalog", "products").get(productIdOf("85123A"));
  expect(heart).toMatchObject({ slug: "white-hanging-heart-t-light-holder", status: "published" });
  const level85123A = await engine.models.get("inventory", "levels").collection.findOne({ _id: "onlineretail-85123A" } as never); // prettier-ignore
  expect(level85123A).toMatchObject({ onHand: -256, allowBackorder: true });
});

test("a second run imports nothing, also from a process that knows nothing of the first", async () => {
  const engine = await shop();
  const first = await importInto(engine, EXCERPT);
  const end = await engine.log.endPosition();
  for (const again of [await importInto(engine, EXCERPT), await importAgain(engine, EXCERPT)]) {
    expect(again).toMatchObject({
      documents: { new: 0, known: 47, different: 0 },
      stockChanges: { new: 0, known: 7, different: 0 },
      articles: { new: 0, known: first.articles.new, elsewhere: 0 },
      prices: { new: 0, known: first.prices.new },
      events: 0,
    });
  }
  expect(await engine.log.endPosition()).toBe(end);
});

test("a run broken off anywhere and started again ends in the same state as one run through", async () => {
  const whole = await shop(WORKED);
  await importInto(whole, EXCERPT);
  const expected = await streams(whole);
  const broken = await shop(WORKED);
  let runs = 0;
  for (let after = 25; ; after += 60, runs++) {
    const stop = new AbortController();
    let commands = 0;
    const execute: Execute = (...command) => {
      if (++commands === after * 4) stop.abort(new Error("broken off"));
      return executeIn(broken)(...command);
    };
    try {
      await importInto(broken, EXCERPT, { execute, signal: stop.signal });
      break;
    } catch (error) {
      expect(error).toMatchObject({ message: "broken off" });
    }
  }
  expect(runs).toBeGreaterThan(3);
  expect(await streams(broken)).toEqual(expected);
  expect(await state(broken)).toEqual(await state(whole));
}, 120_000);

test("a longer file brings what is new in it, and a changed document is named and stays as it was", async () => {
  const engine = await shop();
  const [heading, ...rows] = readFileSync(EXCERPT, "utf8").trimEnd().split("\n");
  const written = (name: string, lines: readonly string[]) => {
    const file = join(folder, name);
    writeFileSync(file, `${[heading, ...lines].join("\n")}\n`);
    return file;
  };
  const cut = rows.findIndex((row) => row.startsWith("C548667"));
  const shorter = await importInto(engine, written("shorter.csv", rows.slice(0, cut)));
  const longer = await importInto(engine, EXCERPT);
  expect(shorter.documents.new + longer.documents.new).toBe(47);
  expect(longer.documents).toMatchObject({ known: shorter.documents.new, different: 0 });
  expect(longer.articles.known).toBe(shorter.articles.new);

  const changed = rows.map((row) => (row.startsWith("536366,22633") ? row.replace(",6,", ",7,") : row));
  const again = await importInto(engine, written("changed.csv", changed));
  expect(again).toMatchObject({ documents: { new: 0, known: 46, different: 1 }, different: ["536366"], events: 0 });
});

test("rows that fit nowhere are kept, once", async () => {
  const engine = await shop();
  expect(await importInto(engine, MISFITS)).toMatchObject({ setAside: { new: 20, known: 0 }, documents: { new: 1 } });
  expect(await importAgain(engine, MISFITS)).toMatchObject({ setAside: { new: 0, known: 20 }, events: 0 });
  const kept = [...(await streams(engine)).values()].filter((event) => event.startsWith("ImportRowSetAside"));
  expect(kept).toHaveLength(20);
});

test("a product that the merchant made under an article's code, and one under its slug, stay the merchant's", async () => {
  const engine = await shop();
  const owner = newId();
  const at = "2010-01-01T00:00:00.000Z" as Timestamp;
  for (const key of [claimKey.sku("71053"), claimKey.slug("white-hanging-heart-t-light-holder")]) {
    const commandId = newId();
    const context = { commandId, correlationId: commandId, actor: "test" };
    await engine.commands.execute(claim, key, { type: "Claim", at, key, owner }, context);
  }
  const report = await importInto(engine, EXCERPT);
  expect(report.articles.elsewhere).toBe(1);
  expect((await engine.commands.load(product, productIdOf("71053"))).revision).toBe(-1);
  const heart = await engine.commands.load(product, productIdOf("85123A"));
  expect(heart.state).toMatchObject({ slug: "white-hanging-heart-t-light-holder-85123a", status: "published" });
  expect(await importAgain(engine, EXCERPT)).toMatchObject({ events: 0, articles: { elsewhere: 1 } });
});

test("what the merchant changed since is not touched by another run", async () => {
  const engine = await shop();
  await importInto(engine, EXCERPT);
  const productId = productIdOf("85123A");
  const commandId = newId();
  const context = { commandId, correlationId: commandId, actor: "test" };
  const at = new Date().toISOString() as Timestamp;
  await engine.commands.execute(product, productId, { type: "UnpublishProduct", at, productId }, context);
  expect(await importAgain(engine, EXCERPT)).toMatchObject({ events: 0 });
  const { state } = await eventually(() => engine.commands.load(product, productId));
  expect(state).toMatchObject({ status: "unpublished" });
});
