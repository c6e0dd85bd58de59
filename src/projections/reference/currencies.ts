import { type Projection } from "../../domains/kernel";
import { type ReferenceEvent } from "../../domains/reference/events";

export interface CurrencyDocument {
  /** ISO 4217 code. */
  readonly _id: string;
  readonly name: string;
  readonly fractionDigits: number;
  readonly numeric: string | null;
  readonly withdrawn: boolean;
}

type CurrencyEvent = Extract<ReferenceEvent, { type: `Currency${string}` }>;

export const currencies: Projection<CurrencyDocument, CurrencyEvent> = {
  name: "currencies",
  context: "reference",
  version: 1,
  independent: true,
  events: ["CurrencyDefined", "CurrencyWithdrawn"],
  ids: ({ data }) => [data.code],
  sources: ({ _id }) => [`currency-${_id}`],
  apply(document, event) {
    switch (event.type) {
      case "CurrencyDefined": {
        const { code, name, fractionDigits, numeric = null } = event.data;
        return { _id: code, name, fractionDigits, numeric, withdrawn: false };
      }
      case "CurrencyWithdrawn":
        return document && { ...document, withdrawn: true };
    }
  },
};
