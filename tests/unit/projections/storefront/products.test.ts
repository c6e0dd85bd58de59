import fc from "fast-check";
import { type ProductEvent } from "../../../../src/domains/catalog";
import { type InventoryEvent } from "../../../../src/domains/inventory";
import {
  type CurrencyCode,
  type LocationId,
  type ProductId,
  type ReservationId,
  type Sku,
  type Slug,
  type Timestamp,
} from "../../../../src/domains/kernel";
import { priceAt, type PriceEntry, type PricingEvent } from "../../../../src/domains/pricing";
import {
  type ProductDocument,
  productKey,
  products,
  type StorefrontEvent,
} from "../../../../src/projections/storefront";
import { type History, interleaved, inTurn, log, project } from "../../../support/fold";

const lamp = "3f0c2a52-0d6e-4c0e-9a55-0c9f4d8f1c11" as ProductId;
const heart = "4f0c2a52-0d6e-4c0e-9a55-0c9f4d8f1c22" as ProductId;
const sku = (code: string) => code as Sku;
const time = (text: string) => text as Timestamp;

const drafted = (productId: ProductId, title: string, ...skus: string[]): ProductEvent => ({
  type: "ProductDrafted",
  data: {
    productId,
    title,
    description: "Made by hand",
    slug: title.toLowerCase() as Slug,
    taxCategory: "standard",
    categories: [],
    media: [],
    attributes: { material: "Glass", pieces: 2 },
    variants: skus.map((code) => ({ sku: sku(code), attributes: {} })),
  },
});
const published = (productId: ProductId): ProductEvent => ({ type: "ProductPublished", data: { productId } });

const priced = (code: string, priceId: string, amount: string, changes: Partial<PriceEntry> = {}): PricingEvent => ({
  type: "PriceSet",
  data: {
    sku: sku(code),
    priceId,
    currency: "GBP" as CurrencyCode,
    amount,
    customerGroup: null,
    validFrom: time("2025-01-01T00:00:00Z"),
    validUntil: null,
    ...changes,
  },
});

const at = (location: string, code: string) => ({ location: location as LocationId, sku: sku(code) });
const receivedOf = (location: string, code: string, quantity: number): InventoryEvent => ({
  type: "StockReceived",
  data: { ...at(location, code), quantity },
});
const reservation = (code: string, quantity: number) => ({
  ...at("main", code),
  reservationId: "r" as ReservationId,
  quantity,
});
const reservedOf = (code: string, quantity: number): InventoryEvent => ({
  type: "StockReserved",
  data: { ...reservation(code, quantity), expiresAt: null },
});

const history = <E extends StorefrontEvent>(stream: string, ...events: E[]): History<StorefrontEvent> => ({
  stream,
  events,
});

const view = (productId: ProductId, ...histories: History<StorefrontEvent>[]): ProductDocument => {
  const document = project(products, log(...inTurn(histories))).get(productKey(productId));
  if (document?.kind !== "product") throw new Error("no product");
  return document;
};

const lampOnSale = history(`product-${lamp}`, drafted(lamp, "Lamp", "L1", "L2"), published(lamp));

describe("a product in the storefront", () => {
  it("is visible while it is published", () => {
    const draft = history(`product-${lamp}`, drafted(lamp, "Lamp", "L1"));
    const unpublished = history(`product-${lamp}`, ...lampOnSale.events, {
      type: "ProductUnpublished",
      data: { productId: lamp },
    } as const);
    expect(view(lamp, draft)).toMatchObject({ visible: false, status: "draft", publishedAt: null });
    expect(view(lamp, lampOnSale)).toMatchObject({ visible: true, publishedAt: "2026-01-01T00:00:01.000Z" });
    expect(view(lamp, unpublished)).toMatchObject({ visible: false, publishedAt: "2026-01-01T00:00:01.000Z" });
  });

  it("without price and stock shows all the same", () => {
    expect(view(lamp, lampOnSale)).toMatchObject({
      id: lamp,
      slug: "lamp",
      title: "Lamp",
      priceSort: {},
      inStock: false,
      variants: [
        { sku: "L1", title: null, prices: [], onHand: 0, available: 0, allowBackorder: false },
        { sku: "L2", title: null, prices: [], onHand: 0, available: 0, allowBackorder: false },
      ],
    });
  });

  it("is found by the words of title, SKUs and attributes", () => {
    expect(view(lamp, lampOnSale).words).toEqual(["lamp", "l1", "l2", "glass"]);
  });

  it("has the lowest general price of its variants for sorting", () => {
    const group = { customerGroup: "trade" };
    const l1 = history("price-L1", priced("L1", "a", "12.50"), priced("L1", "b", "1.00", group));
    const l2 = history(
      "price-L2",
      priced("L2", "a", "9.99"),
      priced("L2", "b", "11", { currency: "EUR" as CurrencyCode }),
    );
    expect(view(lamp, lampOnSale, l1, l2).priceSort).toEqual({ GBP: 9.99, EUR: 11 });
  });

  it("carries prices to come, and none that are past", () => {
    const l1 = history(
      "price-L1",
      priced("L1", "old", "10"),
      priced("L1", "now", "12", { validFrom: time("2025-06-01T00:00:00Z") }),
      priced("L1", "gone", "1", { validUntil: time("2025-02-01T00:00:00Z") }),
      priced("L1", "sale", "8", { validFrom: time("2026-11-01T00:00:00Z"), validUntil: time("2026-12-01T00:00:00Z") }),
    );
    const { prices } = view(lamp, lampOnSale, l1).variants[0] ?? { prices: [] };
    expect(prices.map(({ priceId }) => priceId)).toEqual(["now", "sale"]);
    const question = { currency: "GBP", customerGroup: null };
    expect(priceAt(prices, { ...question, at: "2026-11-15T00:00:00Z" })?.amount).toBe("8");
    expect(priceAt(prices, { ...question, at: "2026-12-15T00:00:00Z" })?.amount).toBe("12");
  });

  it("gets the price before back when one is withdrawn", () => {
    const l1 = history<PricingEvent>("price-L1", priced("L1", "a", "10"), priced("L1", "b", "100"), {
      type: "PriceWithdrawn",
      data: { sku: sku("L1"), priceId: "b" },
    });
    expect(view(lamp, lampOnSale, l1)).toMatchObject({
      priceSort: { GBP: 10 },
      variants: [{ prices: [{ priceId: "a" }] }, {}],
    });
  });

  it("shows the stock that checkout reserves from, and none that lies elsewhere", () => {
    const main = history<InventoryEvent>(
      "stock-main-L1",
      { type: "BackorderPolicySet", data: { ...at("main", "L1"), allowBackorder: true } },
      receivedOf("main", "L1", 2),
      reservedOf("L1", 5),
    );
    const shop = history("stock-shop-L1", receivedOf("shop", "L1", 4));
    expect(view(lamp, lampOnSale, main, shop)).toMatchObject({
      inStock: true,
      variants: [
        { onHand: 2, available: 0, allowBackorder: true },
        { onHand: 0, available: 0 },
      ],
    });
  });

  it("follows its variants", () => {
    const changed = history<ProductEvent>(
      `product-${lamp}`,
      ...(lampOnSale.events as ProductEvent[]),
      { type: "VariantAdded", data: { productId: lamp, variant: { sku: sku("L3"), title: "blue", attributes: {} } } },
      { type: "VariantRevised", data: { productId: lamp, variant: { sku: sku("L1"), title: "red", attributes: {} } } },
      { type: "VariantRemoved", data: { productId: lamp, sku: sku("L2") } },
    );
    const stock = history("stock-main-L1", receivedOf("main", "L1", 1));
    expect(view(lamp, stock, changed).variants).toMatchObject([
      { sku: "L1", title: "red", available: 1 },
      { sku: "L3", title: "blue" },
    ]);
  });

  it("no longer hears of a SKU that went to another product", () => {
    const entries: [string, StorefrontEvent][] = [
      ...inTurn([lampOnSale]),
      [`product-${lamp}`, { type: "VariantRemoved", data: { productId: lamp, sku: sku("L2") } }],
      [`product-${heart}`, drafted(heart, "Heart", "L2")],
      ["stock-main-L2", receivedOf("main", "L2", 3)],
    ];
    const documents = project(products, log(...entries));
    expect(documents.get(productKey(lamp))).toMatchObject({ inStock: false, variants: [{ sku: "L1" }] });
    expect(documents.get(productKey(heart))).toMatchObject({ inStock: true, variants: [{ sku: "L2", available: 3 }] });
  });
});

describe("the join of catalog, pricing and inventory", () => {
  const histories: History<StorefrontEvent>[] = [
    history<ProductEvent>(
      `product-${lamp}`,
      drafted(lamp, "Lamp", "L1", "L2"),
      published(lamp),
      { type: "VariantAdded", data: { productId: lamp, variant: { sku: sku("L3"), attributes: {} } } },
      { type: "VariantRemoved", data: { productId: lamp, sku: sku("L2") } },
    ),
    history<ProductEvent>(`product-${heart}`, drafted(heart, "Heart", "H1"), published(heart), {
      type: "ProductRevised",
      data: { productId: heart, title: "White heart" },
    }),
    history<PricingEvent>("price-L1", priced("L1", "a", "10"), priced("L1", "b", "12"), {
      type: "PriceWithdrawn",
      data: { sku: sku("L1"), priceId: "b" },
    }),
    history("price-H1", priced("H1", "a", "2.55"), priced("H1", "b", "2.10", { currency: "EUR" as CurrencyCode })),
    history("price-L2", priced("L2", "a", "1")),
    history<InventoryEvent>("stock-main-L1", receivedOf("main", "L1", 5), reservedOf("L1", 2), {
      type: "StockShipped",
      data: reservation("L1", 2),
    }),
    history("stock-shop-L1", receivedOf("shop", "L1", 7)),
    history("stock-main-L3", receivedOf("main", "L3", 1), reservedOf("L3", 1)),
  ];

  /** The documents but for the moment of publishing, which is that of the event. */
  const documents = (entries: [string, StorefrontEvent][]) =>
    new Map(
      [...project(products, log(...entries))].map(([id, document]) => [
        id,
        document.kind === "product" ? { ...document, publishedAt: document.publishedAt !== null } : document,
      ]),
    );

  it("comes to the same in whatever order the events of different streams come", () => {
    const expected = documents(inTurn(histories));
    expect(expected.get(productKey(lamp))).toMatchObject({
      priceSort: { GBP: 10 },
      variants: [
        { sku: "L1", onHand: 3, available: 3 },
        { sku: "L3", onHand: 1, available: 0 },
      ],
    });
    fc.assert(
      fc.property(interleaved(histories), (entries) => {
        expect(documents(entries)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });
});
