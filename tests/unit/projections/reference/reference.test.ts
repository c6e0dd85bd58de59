import { type CountryCode, type CurrencyCode, type Timestamp } from "../../../../src/domains/kernel";
import { ratesAt, type ReferenceEvent } from "../../../../src/domains/reference";
import { countries, currencies, taxrates } from "../../../../src/projections/reference";
import { log, project } from "../../../support/fold";

type Prefixed<P extends string> = Extract<ReferenceEvent, { type: `${P}${string}` }>;
const EUR = "EUR" as CurrencyCode;
const GB = "GB" as CountryCode;

describe("reference read models", () => {
  it("list currencies, those withdrawn as such", () => {
    const defined: Prefixed<"Currency"> = {
      type: "CurrencyDefined",
      data: { code: EUR, name: "Euro", fractionDigits: 2 },
    };
    const withdrawn: Prefixed<"Currency"> = { type: "CurrencyWithdrawn", data: { code: EUR } };
    const euro = { _id: "EUR", name: "Euro", fractionDigits: 2, numeric: null, withdrawn: false };
    const stream = "currency-EUR";
    expect(project(currencies, log<Prefixed<"Currency">>([stream, defined])).get("EUR")).toEqual(euro);
    expect(project(currencies, log<Prefixed<"Currency">>([stream, defined], [stream, withdrawn])).get("EUR")).toEqual({
      ...euro,
      withdrawn: true,
    });
    expect(
      project(currencies, log<Prefixed<"Currency">>([stream, defined], [stream, withdrawn], [stream, defined])).get(
        "EUR",
      ),
    ).toEqual(euro);
  });

  it("list countries, those withdrawn as such", () => {
    const defined: Prefixed<"Country"> = {
      type: "CountryDefined",
      data: { code: GB, name: "United Kingdom", taxRegime: "inclusive" },
    };
    const withdrawn: Prefixed<"Country"> = { type: "CountryWithdrawn", data: { code: GB } };
    expect(
      project(countries, log<Prefixed<"Country">>(["country-GB", defined], ["country-GB", withdrawn])).get("GB"),
    ).toEqual({
      _id: "GB",
      name: "United Kingdom",
      taxRegime: "inclusive",
      withdrawn: true,
    });
  });

  it("keep every tax rate, so that the one in force at a moment can be told", () => {
    const set = (taxCategory: string, rate: string, validFrom: string): Prefixed<"TaxRate"> => ({
      type: "TaxRateSet",
      data: { country: GB, taxCategory, rate, validFrom: validFrom as Timestamp },
    });
    const document = project(
      taxrates,
      log(
        ["taxrate-GB", set("standard", "0.175", "1991-04-01T00:00:00Z")],
        ["taxrate-GB", set("standard", "0.20", "2011-01-04T00:00:00Z")],
        ["taxrate-GB", set("zero", "0", "1973-04-01T00:00:00Z")],
      ),
    ).get("GB");
    expect(ratesAt(document?.rates ?? {}, "2010-12-01T00:00:00Z")).toEqual({ standard: "0.175", zero: "0" });
    expect(ratesAt(document?.rates ?? {}, "2011-12-09T00:00:00Z")).toEqual({ standard: "0.20", zero: "0" });
  });
});
