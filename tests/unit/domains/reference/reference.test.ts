import {
  country,
  type CountryCommand,
  currency,
  type CurrencyCommand,
  DEFAULT_TAX_RATES,
  defaultTaxRegime,
  ISO_3166,
  ISO_4217,
  rateAt,
  ratesAt,
  type ReferenceEvent,
  referenceEvents,
  taxrate,
  type TaxRateCommand,
} from "../../../../src/domains/reference";
import { type CountryCode, type CurrencyCode, fractionDigits, type Timestamp } from "../../../../src/domains/kernel";
import { spec } from "../../../support/spec";

const at = "2026-01-01T00:00:00.000Z" as Timestamp;
const EUR = "EUR" as CurrencyCode;
const GB = "GB" as CountryCode;

type Of<T extends ReferenceEvent["type"]> = Extract<ReferenceEvent, { type: T }>;

describe("currency", () => {
  const define: CurrencyCommand = { type: "DefineCurrency", at, code: EUR, name: "Euro", fractionDigits: 2 };
  const defined: Of<"CurrencyDefined"> = {
    type: "CurrencyDefined",
    data: { code: EUR, name: "Euro", fractionDigits: 2 },
  };
  const withdraw: CurrencyCommand = { type: "WithdrawCurrency", at, code: EUR };
  const withdrawn: Of<"CurrencyWithdrawn"> = { type: "CurrencyWithdrawn", data: { code: EUR } };

  it("is defined once", () => {
    spec(currency).when(define).then(defined);
    spec(currency).given(defined).when(define).then();
  });
  it("can be corrected", () => {
    spec(currency)
      .given(defined)
      .when({ ...define, name: "euro" })
      .thenTypes("CurrencyDefined");
  });
  it("is withdrawn once and can come back", () => {
    spec(currency).given(defined).when(withdraw).then(withdrawn);
    spec(currency).given(defined, withdrawn).when(withdraw).then();
    spec(currency).given(defined, withdrawn).when(define).then(defined);
  });
  it("cannot be withdrawn where it is not known", () => {
    spec(currency).when(withdraw).thenRefused("currency-not-found", { code: "EUR" });
  });
});

describe("country", () => {
  const define: CountryCommand = {
    type: "DefineCountry",
    at,
    code: GB,
    name: "United Kingdom",
    taxRegime: "inclusive",
  };
  const defined: Of<"CountryDefined"> = {
    type: "CountryDefined",
    data: { code: GB, name: "United Kingdom", taxRegime: "inclusive" },
  };
  const withdraw: CountryCommand = { type: "WithdrawCountry", at, code: GB };
  const withdrawn: Of<"CountryWithdrawn"> = { type: "CountryWithdrawn", data: { code: GB } };

  it("is defined once, corrected, withdrawn once, and can come back", () => {
    spec(country).when(define).then(defined);
    spec(country).given(defined).when(define).then();
    spec(country)
      .given(defined)
      .when({ ...define, taxRegime: "exclusive" })
      .thenTypes("CountryDefined");
    spec(country).given(defined).when(withdraw).then(withdrawn);
    spec(country).given(defined, withdrawn).when(withdraw).then();
    spec(country).given(defined, withdrawn).when(define).then(defined);
  });
  it("cannot be withdrawn where it is not known", () => {
    spec(country).when(withdraw).thenRefused("country-not-found");
  });
});

describe("tax rate", () => {
  const set = (rate: string, validFrom: string): TaxRateCommand => ({
    type: "SetTaxRate",
    at,
    country: GB,
    taxCategory: "standard",
    rate,
    validFrom: validFrom as Timestamp,
  });
  const wasSet = (rate: string, validFrom: string): Of<"TaxRateSet"> => ({
    type: "TaxRateSet",
    data: { country: GB, taxCategory: "standard", rate, validFrom: validFrom as Timestamp },
  });

  it("is set for a time to come beside the one that holds", () => {
    spec(taxrate)
      .given(wasSet("0.175", "1991-04-01T00:00:00Z"))
      .when(set("0.20", "2011-01-04T00:00:00Z"))
      .then(wasSet("0.20", "2011-01-04T00:00:00Z"));
  });
  it("is not set twice", () => {
    spec(taxrate).given(wasSet("0.20", "2011-01-04T00:00:00Z")).when(set("0.2", "2011-01-04T00:00:00.000Z")).then();
  });
  it("is corrected by setting it again from the same moment", () => {
    const history = [wasSet("0.02", "2011-01-04T00:00:00Z"), wasSet("0.20", "2011-01-04T00:00:00Z")];
    const { rates } = history.reduce(taxrate.evolve, taxrate.initialState);
    expect(ratesAt(rates, at)).toEqual({ standard: "0.20" });
  });
  it("of a moment is the one that had come by then", () => {
    const rates = [
      { rate: "0.20", validFrom: "2011-01-04T00:00:00Z" },
      { rate: "0.175", validFrom: "1991-04-01T00:00:00Z" },
    ];
    expect(rateAt(rates, "2011-01-03T23:59:59Z")).toBe("0.175");
    expect(rateAt(rates, "2011-01-04T00:00:00Z")).toBe("0.20");
    expect(rateAt(rates, "1990-01-01T00:00:00Z")).toBeUndefined();
  });
});

describe("tables", () => {
  it("know every currency once, with the fraction digits that money is rounded to", () => {
    expect(new Set(ISO_4217.map(({ code }) => code)).size).toBe(ISO_4217.length);
    expect(ISO_4217.length).toBeGreaterThanOrEqual(165);
    for (const row of ISO_4217) {
      expect({ code: row.code, digits: fractionDigits(row.code) }).toEqual({
        code: row.code,
        digits: row.fractionDigits,
      });
      expect(referenceEvents.CurrencyDefined.schema.safeParse(row).success).toBe(true);
    }
  });

  it("know today’s currencies, not those of yesterday nor gold", () => {
    const known = new Set(ISO_4217.map(({ code }) => code));
    for (const code of ["EUR", "GBP", "USD", "JPY", "CHF", "CNY", "INR", "SLE", "XCG", "ZWG", "VES", "KWD"]) {
      expect(known).toContain(code);
    }
    for (const code of ["DEM", "HRK", "SLL", "ZWL", "BGN", "ANG", "XAU", "XXX"]) expect(known).not.toContain(code);
  });

  it("know the 249 countries once each, by names of their own", () => {
    expect(ISO_3166).toHaveLength(249);
    expect(new Set(ISO_3166.map(({ code }) => code)).size).toBe(249);
    expect(new Set(ISO_3166.map(({ name }) => name)).size).toBe(249);
    for (const { code, name } of ISO_3166) {
      const data = { code, name, taxRegime: defaultTaxRegime(code) };
      expect(referenceEvents.CountryDefined.schema.safeParse(data).success).toBe(true);
    }
  });

  it("have starting tax rates for every country of the European Union and of the sample year of trade", () => {
    const countries = new Set(DEFAULT_TAX_RATES.map(({ country: code }) => code));
    const wanted =
      "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE GB CH NO US CA AU JP IS SG IL LB AE BH SA HK ZA";
    for (const code of wanted.split(" ")) expect(countries).toContain(code);
    const known = new Set(ISO_3166.map(({ code }) => code));
    for (const { country: code, rates } of DEFAULT_TAX_RATES) {
      expect(known).toContain(code);
      for (const [taxCategory, rate] of Object.entries(rates)) {
        const data = { country: code, taxCategory, rate, validFrom: at };
        expect(referenceEvents.TaxRateSet.schema.safeParse(data).success).toBe(true);
      }
    }
  });

  it("show prices with tax everywhere but in the United States and Canada", () => {
    expect(["US", "CA", "GB", "DE", "JP"].map(defaultTaxRegime)).toEqual([
      "exclusive",
      "exclusive",
      "inclusive",
      "inclusive",
      "inclusive",
    ]);
  });
});
