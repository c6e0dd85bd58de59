import { type Projection } from "../../domains/kernel";
import { type ReferenceEvent } from "../../domains/reference/events";

/** What pricing knows of a currency. */
export interface PricedCurrency {
  /** ISO 4217 code. */
  readonly _id: string;
  readonly withdrawn: boolean;
}

type CurrencyEvent = Extract<ReferenceEvent, { type: `Currency${string}` }>;

export const currencies: Projection<PricedCurrency, CurrencyEvent> = {
  name: "currencies",
  context: "pricing",
  version: 1,
  independent: true,
  events: ["CurrencyDefined", "CurrencyWithdrawn"],
  ids: ({ data }) => [data.code],
  sources: ({ _id }) => [`currency-${_id}`],
  apply: (_document, { type }, _id) => ({ _id, withdrawn: type === "CurrencyWithdrawn" }),
};
