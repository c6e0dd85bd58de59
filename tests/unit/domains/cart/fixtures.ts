import { type Address, type CartEvent, type Offer } from "../../../../src/domains/cart";
import {
  type CartId,
  type CountryCode,
  type CurrencyCode,
  type LineId,
  type OrderId,
  type PaymentId,
  type ProductId,
  type ShopperId,
  type Sku,
  type Timestamp,
} from "../../../../src/domains/kernel";

export const at = "2026-01-01T12:00:00.000Z" as Timestamp;
export const cartId = "11111111-1111-4111-8111-111111111111" as CartId;
export const orderId = "22222222-2222-4222-8222-222222222222" as OrderId;
export const paymentId = "33333333-3333-4333-8333-333333333333" as PaymentId;
export const owner = "44444444-4444-4444-8444-444444444444" as ShopperId;
export const productId = "55555555-5555-4555-8555-555555555555" as ProductId;
export const GBP = "GBP" as CurrencyCode;
export const EUR = "EUR" as CurrencyCode;
export const GB = "GB" as CountryCode;
export const FR = "FR" as CountryCode;
export const mug = "MUG" as Sku;
export const tin = "TIN" as Sku;

export const british = { taxRegime: "inclusive" as const, taxRates: { standard: "0.20", reduced: "0.05", zero: "0" } };
export const french = { taxRegime: "inclusive" as const, taxRates: { standard: "0.20", reduced: "0.10", zero: "0" } };

export const opened: CartEvent = {
  type: "CartOpened",
  data: { cartId, currency: GBP, country: GB, owner, ...british },
};

export const line = (name: string) => name as LineId;

export const offer = (name: string, unitPrice: string | null, published = true): Offer => ({
  currency: GBP,
  productId,
  name,
  taxCategory: "standard",
  published,
  unitPrice,
});

export const added = (sku: Sku, quantity: number, unitPrice: string, taxCategory = "standard"): CartEvent => ({
  type: "ItemAdded",
  data: { cartId, lineId: line(sku), sku, productId, name: `A ${sku}`, quantity, unitPrice, taxCategory },
});

export const address = (country: CountryCode): Address => ({
  name: "Ada Lovelace",
  line1: "12 St James's Square",
  city: "London",
  postalCode: "SW1Y 4JH",
  country,
});

export const emailSet: CartEvent = { type: "CartEmailSet", data: { cartId, email: "ada@example.org" } };
export const addressSet: CartEvent = { type: "CartShippingAddressSet", data: { cartId, address: address(GB) } };
export const standard = (price: string) => ({ id: "standard", name: "Standard delivery", price });
export const methodSet = (price: string): CartEvent => ({
  type: "CartShippingMethodSet",
  data: { cartId, method: standard(price) },
});

/** A cart that lacks nothing: 4 mugs at 2.55, shipped within the country. */
export const complete: CartEvent[] = [opened, added(mug, 4, "2.55"), emailSet, addressSet, methodSet("3.95")];
