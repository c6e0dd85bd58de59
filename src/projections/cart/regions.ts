import { type Projection } from "../../domains/kernel";
import { type ReferenceEvent, type TaxRegime } from "../../domains/reference/events";
import { type RateHistory } from "../../domains/reference/tax-rate-at";

/** What the cart knows of the reference data: where it can sell, in which currencies, and how sales are taxed. */
export type RegionDocument = RegionCountry | RegionCurrency;

export interface RegionCountry {
  /** `country:<ISO 3166-1 alpha-2>` */
  readonly _id: string;
  readonly kind: "country";
  /** `null`: only tax rates are known of it so far. */
  readonly name: string | null;
  readonly taxRegime: TaxRegime;
  readonly withdrawn: boolean;
  readonly rates: RateHistory;
}

export interface RegionCurrency {
  /** `currency:<ISO 4217>` */
  readonly _id: string;
  readonly kind: "currency";
  readonly withdrawn: boolean;
}

export const countryKey = (code: string): string => `country:${code}`;
export const currencyKey = (code: string): string => `currency:${code}`;

export const regions: Projection<RegionDocument, ReferenceEvent> = {
  name: "regions",
  context: "cart",
  version: 1,
  independent: true,
  events: ["CurrencyDefined", "CurrencyWithdrawn", "CountryDefined", "CountryWithdrawn", "TaxRateSet"],
  ids(event) {
    switch (event.type) {
      case "CurrencyDefined":
      case "CurrencyWithdrawn":
        return [currencyKey(event.data.code)];
      case "CountryDefined":
      case "CountryWithdrawn":
        return [countryKey(event.data.code)];
      case "TaxRateSet":
        return [countryKey(event.data.country)];
    }
  },
  sources({ _id, kind }) {
    const code = _id.slice(`${kind}:`.length);
    return kind === "country" ? [`country-${code}`, `taxrate-${code}`] : [`currency-${code}`];
  },
  apply(document, event, _id) {
    switch (event.type) {
      case "CurrencyDefined":
        return { _id, kind: "currency", withdrawn: false };
      case "CurrencyWithdrawn":
        return { _id, kind: "currency", withdrawn: true };
      case "CountryDefined": {
        const { name, taxRegime } = event.data;
        return { ...countryOf(document, _id), name, taxRegime, withdrawn: false };
      }
      case "CountryWithdrawn":
        return { ...countryOf(document, _id), withdrawn: true };
      case "TaxRateSet": {
        const { taxCategory, rate, validFrom } = event.data;
        const known = countryOf(document, _id);
        const earlier = known.rates[taxCategory] ?? [];
        return { ...known, rates: { ...known.rates, [taxCategory]: [...earlier, { rate, validFrom }] } };
      }
    }
  },
};

const countryOf = (document: RegionDocument | undefined, _id: string): RegionCountry =>
  document?.kind === "country"
    ? document
    : { _id, kind: "country", name: null, taxRegime: "inclusive", withdrawn: false, rates: {} };
