import { type Projection } from "../../domains/kernel";
import { type ReferenceEvent, type TaxRegime } from "../../domains/reference/events";

export interface CountryDocument {
  /** ISO 3166-1 alpha-2 code. */
  readonly _id: string;
  readonly name: string;
  readonly taxRegime: TaxRegime;
  readonly withdrawn: boolean;
}

type CountryEvent = Extract<ReferenceEvent, { type: `Country${string}` }>;

export const countries: Projection<CountryDocument, CountryEvent> = {
  name: "countries",
  context: "reference",
  version: 1,
  independent: true,
  events: ["CountryDefined", "CountryWithdrawn"],
  indexes: [{ key: { name: 1 } }],
  ids: ({ data }) => [data.code],
  sources: ({ _id }) => [`country-${_id}`],
  apply(document, event) {
    switch (event.type) {
      case "CountryDefined": {
        const { code, name, taxRegime } = event.data;
        return { _id: code, name, taxRegime, withdrawn: false };
      }
      case "CountryWithdrawn":
        return document && { ...document, withdrawn: true };
    }
  },
};
