import { z } from "zod";
import { countryCode, currencyCode, defineEvents, type EventsOf, timestamp } from "../kernel";

/**
 * What kind of goods an article is for the tax office: `standard`, `reduced` and `zero` have default rates; a merchant
 * may name more (`super-reduced`, `books`).
 */
export const taxCategory = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, "a tax category is 1 to 32 of a-z, 0-9 and -, such as standard");
export type TaxCategory = z.output<typeof taxCategory>;

/** A share of the net price as decimal text, from `"0"` to `"1"`: `"0.20"` is 20 %. */
export const taxRate = z.string().regex(/^(0(\.\d{1,6})?|1(\.0{1,6})?)$/, 'a rate from 0 to 1 as text, such as "0.20"');

/** Whether shown prices contain the tax (VAT countries) or it is added at the end (sales tax). */
export const taxRegime = z.enum(["inclusive", "exclusive"]);
export type TaxRegime = z.output<typeof taxRegime>;

const currencyEvents = defineEvents("currency", {
  /** Again under the same code: the new name and digits count from now on. */
  CurrencyDefined: {
    version: 1,
    schema: z.strictObject({
      code: currencyCode,
      name: z.string().min(1).max(100),
      /** ISO 4217 minor unit: digits after the point that can be paid. */
      fractionDigits: z.int().min(0).max(4),
      /** ISO 4217 numeric code, three digits. */
      numeric: z
        .string()
        .regex(/^\d{3}$/)
        .optional(),
    }),
  },
  CurrencyWithdrawn: { version: 1, schema: z.strictObject({ code: currencyCode }) },
});

const countryEvents = defineEvents("country", {
  CountryDefined: {
    version: 1,
    schema: z.strictObject({ code: countryCode, name: z.string().min(1).max(100), taxRegime }),
  },
  CountryWithdrawn: { version: 1, schema: z.strictObject({ code: countryCode }) },
});

const taxRateEvents = defineEvents("taxrate", {
  /** From `validFrom` on, this rate instead of the one before; earlier rates stay known for what was sold then. */
  TaxRateSet: {
    version: 1,
    schema: z.strictObject({ country: countryCode, taxCategory, rate: taxRate, validFrom: timestamp }),
  },
});

export const referenceEvents = { ...currencyEvents, ...countryEvents, ...taxRateEvents };
export type ReferenceEvent = EventsOf<typeof referenceEvents>;
