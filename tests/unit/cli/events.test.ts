import { eventsText } from "../../../src/cli/events";
import { contextsOf } from "../../../src/engine/contexts";

const types = contextsOf({ paymentTimeout: 60 }).flatMap(({ events }) => Object.keys(events));

test("every event type is listed with version and fields, under its context and streams", () => {
  const text = eventsText([], false);
  for (const type of types) expect(text).toMatch(new RegExp(`^  ${type} +v\\d+`, "m"));
  expect(text).toMatch(
    /^cart: streams cart-<id>\n {2}CartOpened +v1 +cartId currency country owner taxRegime taxRates$/m,
  );
  expect(text).toMatch(/^inventory: streams stock-<id>$/m);
  expect(text).toContain("expiresAt orderId?");
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(120);
});

test("one that is named is shown in full", () => {
  expect(eventsText(["StockReserved"], false)).toBe(
    [
      "StockReserved, version 1, in inventory: streams stock-<id>",
      "field          what",
      "location       text",
      "sku            text up to 64",
      "reservationId  text up to 128",
      "quantity       whole number 1 to 1000000",
      "expiresAt      date-time or null",
      "orderId        uuid; may be missing",
      "",
    ].join("\n"),
  );
  const order = eventsText(["OrderPlaced"], false);
  expect(order).toMatch(/^lines\[\]\.unitPrice +text/m);
  expect(order).toMatch(/^shippingAddress\.line2 +text up to 200; may be missing; personal$/m);
});

test("a context stands for all its events; an unknown name is refused", () => {
  expect(eventsText(["payment"], false)).toMatch(
    /^payment: streams payment-<id>\n(?: {2}Payment\w+ +v1 +.*\n(?: {4,}.*\n)*)+$/,
  );
  expect(() => eventsText(["CartExploded"], false)).toThrow("there is no event type or context CartExploded");
});

test("as JSON there is the schema of each", () => {
  const all = JSON.parse(eventsText([], true)) as { type: string; version: number; schema: object }[];
  expect(all.map(({ type }) => type)).toEqual(types);
  expect(all.find(({ type }) => type === "ClaimReleased")).toMatchObject({
    context: "catalog",
    version: 1,
    category: "claim",
    schema: { type: "object", required: ["key", "owner"], additionalProperties: false },
  });
});
