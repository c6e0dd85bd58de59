import { type CartEvent } from "../../domains/cart/events";
import { type Feed, type Recorded } from "../../domains/kernel";
import { countryName } from "./countries";

export type CartEventRow = {
  readonly occurredAt: string;
  readonly event:
    | "opened"
    | "added"
    | "changed"
    | "removed"
    | "currency-set"
    | "country-set"
    | "email-set"
    | "shipping-address-set"
    | "shipping-method-set"
    | "shipping-method-dropped"
    | "prices-accepted"
    | "checked-out"
    | "abandoned";
  readonly cartId: string;
  readonly orderId: string | null;
  readonly lineId: string | null;
  readonly sku: string | null;
  readonly name: string | null;
  /** Pieces on the line from now on; at check-out: on all lines. */
  readonly pieces: number | null;
  readonly unitPrice: string | null;
  readonly country: string | null;
  readonly countryCode: string | null;
  readonly currency: string | null;
  readonly shippingMethod: string | null;
  readonly paymentMethod: string | null;
  readonly reason: string | null;
  /** Pieces put into the cart as a new line; 0 at everything else. */
  readonly quantity: number;
  /** The grand total at check-out; absent at everything else. */
  readonly amount?: string;
};

const nothing = {
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
} as const;

export const cartEventsFeed: Feed<CartEvent> = {
  name: "cart-events",
  context: "analytics",
  version: 1,
  description:
    "A row for everything that shoppers did in their carts, without their names, addresses and e-mail. `quantity` is " +
    "the pieces that were added as a new line; `pieces` is what the line holds from then on (0 once removed), and at " +
    "check-out what all lines hold. `amount` is the grand total at check-out, so that its sum is the worth of all " +
    "carts that were checked out, whether their orders were confirmed or not.",
  events: [
    "CartOpened",
    "ItemAdded",
    "ItemQuantityChanged",
    "ItemRemoved",
    "CartCurrencySet",
    "CartCountrySet",
    "CartEmailSet",
    "CartShippingAddressSet",
    "CartShippingMethodSet",
    "CartShippingMethodDropped",
    "CartPricesAccepted",
    "CartCheckedOut",
    "CartAbandoned",
  ],
  dimensions: ["event", "sku", "country", "countryCode", "currency", "shippingMethod", "paymentMethod", "reason"],
  rows(event: Recorded<CartEvent>): readonly CartEventRow[] {
    const { occurredAt } = event.metadata;
    return [{ occurredAt, cartId: event.data.cartId, ...nothing, ...told(event) }];
  },
};

type Told = Partial<CartEventRow> & Pick<CartEventRow, "event">;

/** Names what it takes from each event: what may be added to an event later does not get here by itself. */
function told(event: Recorded<CartEvent>): Told {
  switch (event.type) {
    case "CartOpened":
      return { event: "opened", currency: event.data.currency, ...place(event.data.country) };
    case "ItemAdded": {
      const { lineId, sku, name, quantity, unitPrice } = event.data;
      return { event: "added", lineId, sku, name, pieces: quantity, unitPrice, quantity };
    }
    case "ItemQuantityChanged": {
      const { lineId, sku, quantity, unitPrice } = event.data;
      return { event: "changed", lineId, sku, pieces: quantity, unitPrice };
    }
    case "ItemRemoved":
      return { event: "removed", lineId: event.data.lineId, sku: event.data.sku, pieces: 0 };
    case "CartCurrencySet":
      return { event: "currency-set", currency: event.data.currency };
    case "CartCountrySet":
      return { event: "country-set", ...place(event.data.country) };
    case "CartEmailSet":
      return { event: "email-set" };
    case "CartShippingAddressSet":
      return { event: "shipping-address-set" };
    case "CartShippingMethodSet":
      return { event: "shipping-method-set", shippingMethod: event.data.method.id };
    case "CartShippingMethodDropped":
      return { event: "shipping-method-dropped", shippingMethod: event.data.methodId };
    case "CartPricesAccepted":
      return { event: "prices-accepted" };
    case "CartCheckedOut": {
      const { orderId, currency, country, shippingMethod, lines, totals, payment } = event.data;
      return {
        event: "checked-out",
        orderId,
        currency,
        ...place(country),
        shippingMethod: shippingMethod.id,
        paymentMethod: payment.method,
        pieces: lines.reduce((pieces, { quantity }) => pieces + quantity, 0),
        amount: totals.grand,
      };
    }
    case "CartAbandoned":
      return { event: "abandoned", reason: event.data.reason };
  }
}

const place = (code: string | null) => ({ country: code === null ? null : countryName(code), countryCode: code });
