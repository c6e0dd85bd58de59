import { z } from "zod";
import {
  cartId,
  countryCode,
  currencyCode,
  decimal,
  defineEvents,
  type EventsOf,
  FORGOTTEN,
  FORGOTTEN_EMAIL,
  lineId,
  orderId,
  paymentId,
  personal,
  positiveDecimal,
  productId,
  quantity,
  shopperId,
  sku,
} from "../kernel";
import { taxCategory, taxRate, taxRegime } from "../reference/events";

/** Where goods go; in the order in which an envelope shows it. `country` decides on tax and shipping. */
export const address = personal(
  z.strictObject({
    name: z.string().trim().min(1).max(200),
    line1: z.string().trim().min(1).max(200),
    line2: z.string().trim().max(200).optional(),
    city: z.string().trim().min(1).max(100),
    region: z.string().trim().max(100).optional(),
    postalCode: z.string().trim().max(20).optional(),
    country: countryCode,
    phone: z.string().trim().max(40).optional(),
  }),
  { forgotten: { name: FORGOTTEN, line1: FORGOTTEN, city: FORGOTTEN }, keep: ["country"] },
);
export type Address = z.output<typeof address>;

export const email = personal(z.email().max(254), { forgotten: FORGOTTEN_EMAIL, findable: true });

/** A way of shipping at the price it has for this cart. */
export const shippingMethod = z.strictObject({
  id: z.string().min(1).max(64),
  name: z.string().min(1).max(100),
  price: positiveDecimal,
});
export type ShippingMethod = z.output<typeof shippingMethod>;

/** How the shopper pays: the provider's name, and its token for the card or account. Never the card itself. */
export const paymentMeans = z.strictObject({
  method: z.string().min(1).max(64),
  token: personal(z.string().min(1).max(256)),
});
export type PaymentMeans = z.output<typeof paymentMeans>;

/** Tax category → rate in force in the cart's country, e.g. `{ standard: "0.20", zero: "0" }`. */
export const taxRates = z.record(taxCategory, taxRate);
export type TaxRates = z.output<typeof taxRates>;

/** `grand` = items + shipping, + tax where the prices do not contain it. All in what can be paid in the currency. */
export const totals = z.strictObject({ items: decimal, shipping: decimal, tax: decimal, grand: decimal });
export type Totals = z.output<typeof totals>;

/** A line as it is sold: what, how many, at what price, under which tax. */
export const soldLine = z.strictObject({
  lineId,
  sku,
  productId,
  name: z.string().min(1).max(500),
  quantity,
  unitPrice: positiveDecimal,
  total: positiveDecimal,
  taxCategory,
  taxRate,
});
export type SoldLine = z.output<typeof soldLine>;

/** Everything that a shopper bound themselves to at checkout. */
export const sale = z.strictObject({
  owner: shopperId,
  currency: currencyCode,
  country: countryCode,
  email,
  shippingAddress: address,
  shippingMethod,
  lines: z.array(soldLine).min(1),
  totals,
  /** Whether the prices, and so `items` and `shipping`, contain the tax. */
  taxIncluded: z.boolean(),
});
export type Sale = z.output<typeof sale>;

const linePrices = z.array(z.strictObject({ lineId, unitPrice: positiveDecimal }));
const taxation = { taxRegime, taxRates };

export const cartEvents = defineEvents("cart", {
  CartOpened: {
    version: 1,
    schema: z.strictObject({
      cartId,
      currency: currencyCode,
      /** `null`: not known yet; then no tax is reckoned. */
      country: countryCode.nullable(),
      owner: shopperId,
      ...taxation,
    }),
  },
  ItemAdded: {
    version: 1,
    schema: z.strictObject({
      cartId,
      lineId,
      sku,
      productId,
      name: z.string().min(1).max(500),
      quantity,
      unitPrice: positiveDecimal,
      taxCategory,
    }),
  },
  /** The whole new quantity, at the price of that moment. */
  ItemQuantityChanged: {
    version: 1,
    schema: z.strictObject({ cartId, lineId, sku, quantity, unitPrice: positiveDecimal }),
  },
  ItemRemoved: { version: 1, schema: z.strictObject({ cartId, lineId, sku }) },
  /** With the price of every line in the new currency. */
  CartCurrencySet: { version: 1, schema: z.strictObject({ cartId, currency: currencyCode, prices: linePrices }) },
  CartCountrySet: { version: 1, schema: z.strictObject({ cartId, country: countryCode, ...taxation }) },
  CartEmailSet: { version: 1, schema: z.strictObject({ cartId, email }) },
  CartShippingAddressSet: { version: 1, schema: z.strictObject({ cartId, address }) },
  /** Chosen by the shopper, or the chosen one at another price because the cart has changed. */
  CartShippingMethodSet: { version: 1, schema: z.strictObject({ cartId, method: shippingMethod }) },
  /** The chosen method does not serve the cart's new country. */
  CartShippingMethodDropped: { version: 1, schema: z.strictObject({ cartId, methodId: z.string() }) },
  /** The shopper took the prices of now for those of the moment of adding. */
  CartPricesAccepted: { version: 1, schema: z.strictObject({ cartId, prices: linePrices }) },
  CartCheckedOut: {
    version: 1,
    schema: z.strictObject({ cartId, orderId, paymentId, ...sale.shape, payment: paymentMeans }),
  },
  CartAbandoned: { version: 1, schema: z.strictObject({ cartId, reason: z.string().trim().min(1).max(500) }) },
});
export type CartEvent = EventsOf<typeof cartEvents>;
