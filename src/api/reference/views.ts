import { z } from "zod";
import { countryCode, currencyCode, timestamp } from "../../domains/kernel";
import { datedRateAt, ratesAt, taxCategory, taxRate, taxRegime } from "../../domains/reference";
import { type CountryDocument, type CurrencyDocument, type TaxRatesDocument } from "../../projections/reference";

export const currencySchema = z
  .object({
    code: currencyCode.describe("ISO 4217."),
    name: z.string(),
    fractionDigits: z.int().describe("Digits after the point that can be paid."),
    numeric: z.string().nullable().describe("ISO 4217 numeric code."),
    withdrawn: z.boolean().describe("Takes no new prices."),
  })
  .meta({
    id: "Currency",
    example: { code: "GBP", name: "British Pound", fractionDigits: 2, numeric: "826", withdrawn: false },
  });

export const countrySchema = z
  .object({
    code: countryCode.describe("ISO 3166-1 alpha-2."),
    name: z.string(),
    taxRegime: taxRegime.describe("Whether shown prices contain the tax, or it is added at the end."),
    withdrawn: z.boolean().describe("Takes no new orders."),
    taxRates: z.record(taxCategory, taxRate).describe("In force now, by tax category; a share of the net price."),
  })
  .meta({
    id: "Country",
    example: {
      code: "GB",
      name: "United Kingdom",
      taxRegime: "inclusive",
      withdrawn: false,
      taxRates: { standard: "0.20", reduced: "0.05", zero: "0" },
    },
  });

export const taxRateSchema = z
  .object({
    country: countryCode,
    category: taxCategory,
    rate: taxRate.describe('A share of the net price: "0.20" is 20 %.'),
    validFrom: timestamp,
  })
  .meta({
    id: "TaxRate",
    example: { country: "GB", category: "standard", rate: "0.20", validFrom: "2011-01-04T00:00:00Z" },
  });

export const currencyView = ({ _id: code, name, fractionDigits, numeric, withdrawn }: CurrencyDocument) => ({
  code,
  name,
  fractionDigits,
  numeric,
  withdrawn,
});

export const countryView = (
  { _id: code, name, taxRegime, withdrawn }: CountryDocument,
  rates: TaxRatesDocument | undefined,
  at: string,
) => ({ code, name, taxRegime, withdrawn, taxRates: ratesAt(rates?.rates ?? {}, at) });

/** A country's rates in force at a moment, by the names of their categories. */
export function taxRatesView({ _id: country, rates }: TaxRatesDocument, at: string, only?: string) {
  return Object.entries(rates)
    .filter(([category]) => only === undefined || category === only)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([category, history]) => {
      const found = datedRateAt(history, at);
      return found ? [{ country, category, rate: found.rate, validFrom: found.validFrom }] : [];
    });
}
