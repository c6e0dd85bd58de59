import { z } from "zod";
import { person } from "./personal";

declare const brand: unique symbol;
/** A string that is known to be one kind of identifier. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

const branded = <Name extends string>(schema: z.ZodType<string>, _name: Name) =>
  schema as unknown as z.ZodType<Brand<string, Name>, string>;

const uuid = () => z.uuid();

export const productId = branded(uuid(), "ProductId");
export type ProductId = z.output<typeof productId>;
export const categoryId = branded(uuid(), "CategoryId");
export type CategoryId = z.output<typeof categoryId>;
export const cartId = branded(uuid(), "CartId");
export type CartId = z.output<typeof cartId>;
export const lineId = branded(z.string().min(1).max(64), "LineId");
export type LineId = z.output<typeof lineId>;
export const orderId = branded(uuid(), "OrderId");
export type OrderId = z.output<typeof orderId>;
export const paymentId = branded(uuid(), "PaymentId");
export type PaymentId = z.output<typeof paymentId>;
export const reservationId = branded(z.string().min(1).max(128), "ReservationId");
export type ReservationId = z.output<typeof reservationId>;
/** Says who an event is about: see `personal.ts`. */
export const shopperId = person(branded(uuid(), "ShopperId"));
export type ShopperId = z.output<typeof shopperId>;

/** Stock keeping unit: the merchant's own code for one variant. Case matters; no white space at its ends. */
export const sku = branded(
  z
    .string()
    .min(1)
    .max(64)
    .regex(/^[^\s/?#]([^/?#\p{Cc}]*[^\s/?#])?$/u, "a SKU has no spaces at its ends and no / ? #"),
  "Sku",
);
export type Sku = z.output<typeof sku>;

/** Where stock lies: a warehouse or shop. */
export const locationId = branded(
  z.string().regex(/^[a-z0-9_]{1,32}$/, "a location is 1 to 32 of a-z, 0-9 and _"),
  "LocationId",
);
export type LocationId = z.output<typeof locationId>;

export const slug = branded(
  z
    .string()
    .max(120)
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "a slug is lower case letters and digits with single hyphens between"),
  "Slug",
);
export type Slug = z.output<typeof slug>;

/** ISO 4217 alphabetic code. */
export const currencyCode = branded(z.string().regex(/^[A-Z]{3}$/, "an ISO 4217 code such as EUR"), "CurrencyCode");
export type CurrencyCode = z.output<typeof currencyCode>;

/** ISO 3166-1 alpha-2 code. */
export const countryCode = branded(z.string().regex(/^[A-Z]{2}$/, "an ISO 3166-1 code such as GB"), "CountryCode");
export type CountryCode = z.output<typeof countryCode>;

/** ISO 8601, UTC, e.g. `2011-12-09T12:50:00.000Z`. */
export const timestamp = branded(z.iso.datetime(), "Timestamp");
export type Timestamp = z.output<typeof timestamp>;

/** How many pieces: whole, 1 to 1,000,000 (the largest sale in a real year of trade was 80,995). */
export const quantity = z.int().min(1).max(1_000_000);
