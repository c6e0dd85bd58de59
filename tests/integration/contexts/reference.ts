import { type AloneStory } from "../../support/alone";

export const reference: AloneStory = {
  given: ["reference/CurrencyDefined.v1", "reference/CountryDefined.v1", "reference/TaxRateSet.v1"],
  shows: [
    { model: "currencies", id: "GBP", document: { name: "Pound Sterling", fractionDigits: 2 } },
    { model: "countries", id: "GB", document: { name: "United Kingdom", taxRegime: "inclusive" } },
  ],
  decides: [
    { stream: "currency-EUR", command: { type: "DefineCurrency", code: "EUR", name: "Euro", fractionDigits: 2 }, outcome: ["CurrencyDefined"] }, // prettier-ignore
    { stream: "currency-GBP", command: { type: "WithdrawCurrency", code: "GBP" }, outcome: ["CurrencyWithdrawn"] },
    { stream: "currency-XYZ", command: { type: "WithdrawCurrency", code: "XYZ" }, outcome: "currency-not-found" },
    { stream: "country-FR", command: { type: "DefineCountry", code: "FR", name: "France", taxRegime: "inclusive" }, outcome: ["CountryDefined"] }, // prettier-ignore
  ],
  afterwards: [
    { model: "currencies", id: "EUR", document: { name: "Euro" } },
    { model: "countries", id: "FR", document: { name: "France" } },
  ],
};
