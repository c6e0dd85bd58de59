import { type CurrencyCode, type Sku, type Timestamp } from "../../../../src/domains/kernel";
import { price, type PriceCommand, type PriceEntry, type PricingEvent } from "../../../../src/domains/pricing";
import { spec } from "../../../support/spec";

const at = "2026-01-01T00:00:00.000Z" as Timestamp;
const sku = "85123A" as Sku;
const day = (n: number) => `2026-01-0${n}T00:00:00.000Z` as Timestamp;

const entry = (priceId: string, changes: Partial<PriceEntry> = {}): PriceEntry => ({
  priceId,
  currency: "GBP" as CurrencyCode,
  amount: "2.55",
  customerGroup: null,
  validFrom: day(1),
  validUntil: null,
  ...changes,
});
const set = (priceId: string, changes: Partial<PriceEntry> = {}): PriceCommand => ({
  type: "SetPrice",
  at,
  sku,
  ...entry(priceId, changes),
});
const wasSet = (priceId: string, changes: Partial<PriceEntry> = {}): PricingEvent => ({
  type: "PriceSet",
  data: { sku, ...entry(priceId, changes) },
});
const withdraw = (priceId: string): PriceCommand => ({ type: "WithdrawPrice", at, sku, priceId });
const withdrawn = (priceId: string): PricingEvent => ({ type: "PriceWithdrawn", data: { sku, priceId } });

describe("setting a price", () => {
  it("adds it beside those before", () => {
    spec(price).when(set("p1")).then(wasSet("p1"));
    spec(price)
      .given(wasSet("p1"))
      .when(set("p2", { amount: "2.10" }))
      .then(wasSet("p2", { amount: "2.10" }));
  });
  it("again under its id changes nothing; with other terms it is refused", () => {
    spec(price).given(wasSet("p1")).when(set("p1")).then();
    spec(price)
      .given(wasSet("p1"))
      .when(set("p1", { amount: "3" }))
      .thenRefused("price-id-taken");
    spec(price).given(wasSet("p1"), withdrawn("p1")).when(set("p1")).thenRefused("price-id-taken");
  });
  it("to what holds anyway changes nothing", () => {
    spec(price)
      .given(wasSet("p1"))
      .when(set("p2", { amount: "2.550", validFrom: day(5) }))
      .then();
  });
  it.each<[string, Partial<PriceEntry>]>([
    ["another currency", { currency: "EUR" as CurrencyCode }],
    ["a customer group", { customerGroup: "trade" }],
    ["a limited time", { validUntil: day(5) }],
    ["an earlier time", { validFrom: "2025-12-01T00:00:00Z" as Timestamp }],
  ])("of the same amount for %s adds it", (_, changes) => {
    spec(price).given(wasSet("p1")).when(set("p2", changes)).then(wasSet("p2", changes));
  });
  it("of the same amount adds it where the latest one ends or was withdrawn", () => {
    spec(price)
      .given(wasSet("p1", { validUntil: day(9) }))
      .when(set("p2", { validFrom: day(2) }))
      .thenTypes("PriceSet");
    spec(price)
      .given(wasSet("p1"), withdrawn("p1"))
      .when(set("p2", { validFrom: day(2) }))
      .thenTypes("PriceSet");
  });
  it("needs an end after its beginning", () => {
    spec(price)
      .when(set("p1", { validUntil: day(1) }))
      .thenRefused("price-validity", { field: "validUntil" });
  });
});

describe("withdrawing a price", () => {
  it("happens once", () => {
    spec(price).given(wasSet("p1")).when(withdraw("p1")).then(withdrawn("p1"));
    spec(price).given(wasSet("p1"), withdrawn("p1")).when(withdraw("p1")).then();
  });
  it("is refused for one that was never set", () => {
    spec(price).when(withdraw("p1")).thenRefused("price-not-found", { priceId: "p1" });
  });
});
