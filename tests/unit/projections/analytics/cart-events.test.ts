import { type CartEvent } from "../../../../src/domains/cart/events";
import { cartEventsFeed } from "../../../../src/projections/analytics";
import { added, addressSet, cartId, emailSet, EUR, FR, french, line, methodSet, mug, opened, orderId, owner, paymentId } from "../../domains/cart/fixtures"; // prettier-ignore
import { rowsOf, sale, second } from "./sales";

const lineId = line(mug);
const checkedOut: CartEvent = {
  type: "CartCheckedOut",
  data: { cartId, orderId, paymentId, ...sale, payment: { method: "test", token: "tok_approve" } },
};
const everything: CartEvent[] = [
  opened,
  added(mug, 4, "2.55"),
  { type: "ItemQuantityChanged", data: { cartId, lineId, sku: mug, quantity: 6, unitPrice: "2.50" } },
  { type: "ItemRemoved", data: { cartId, lineId, sku: mug } },
  { type: "CartCurrencySet", data: { cartId, currency: EUR, prices: [{ lineId, unitPrice: "3.00" }] } },
  { type: "CartCountrySet", data: { cartId, country: FR, ...french } },
  emailSet,
  addressSet,
  methodSet("3.95"),
  { type: "CartShippingMethodDropped", data: { cartId, methodId: "standard" } },
];
const ends: CartEvent[] = [
  { type: "CartPricesAccepted", data: { cartId, prices: [{ lineId, unitPrice: "3.00" }] } },
  checkedOut,
  { type: "CartAbandoned", data: { cartId, reason: "idle" } },
];

describe("cart-events", () => {
  const row = (n: number, event: string, more: object = {}) => ({
    occurredAt: second(n),
    event,
    cartId,
    orderId: null,
    lineId: null,
    sku: null,
    name: null,
    pieces: null,
    unitPrice: null,
    country: null,
    countryCode: null,
    currency: null,
    shippingMethod: null,
    paymentMethod: null,
    reason: null,
    quantity: 0,
    ...more,
  });
  const gb = { country: "United Kingdom", countryCode: "GB", currency: "GBP" };

  it("tells what shoppers did in their carts", () => {
    const item = { lineId, sku: mug };
    expect(rowsOf(cartEventsFeed, ...everything)).toEqual([
      row(0, "opened", gb),
      row(1, "added", { ...item, name: "A MUG", pieces: 4, unitPrice: "2.55", quantity: 4 }),
      row(2, "changed", { ...item, pieces: 6, unitPrice: "2.50" }),
      row(3, "removed", { ...item, pieces: 0 }),
      row(4, "currency-set", { currency: "EUR" }),
      row(5, "country-set", { country: "France", countryCode: "FR" }),
      row(6, "email-set"),
      row(7, "shipping-address-set"),
      row(8, "shipping-method-set", { shippingMethod: "standard" }),
      row(9, "shipping-method-dropped", { shippingMethod: "standard" }),
    ]);
  });

  it("tells how carts end", () => {
    const sold = { ...gb, orderId, pieces: 7, shippingMethod: "standard", paymentMethod: "test", amount: "14.53" };
    expect(rowsOf(cartEventsFeed, ...ends)).toEqual([
      row(0, "prices-accepted"),
      row(1, "checked-out", sold),
      row(2, "abandoned", { reason: "idle" }),
    ]);
  });

  it("does not tell who the shopper is, where they live or what they pay with", () => {
    const text = JSON.stringify(rowsOf(cartEventsFeed, ...everything, ...ends));
    for (const personal of ["ada@", "Lovelace", "James", "SW1Y", owner, "tok_"]) expect(text).not.toContain(personal);
  });

  it("knows every event of a cart", () => {
    const types = new Set([...everything, ...ends].map(({ type }) => type));
    expect([...cartEventsFeed.events].sort()).toEqual([...types].sort());
  });
});
