import { type Projection } from "../../domains/kernel";
import { type ReferenceEvent } from "../../domains/reference/events";
import { type RateHistory } from "../../domains/reference/tax-rate-at";

/** Every rate of one country, by tax category; `ratesAt` tells those in force at a moment. */
export interface TaxRatesDocument {
  /** ISO 3166-1 alpha-2 code. */
  readonly _id: string;
  readonly rates: RateHistory;
}

type TaxRateEvent = Extract<ReferenceEvent, { type: `TaxRate${string}` }>;

export const taxrates: Projection<TaxRatesDocument, TaxRateEvent> = {
  name: "taxrates",
  context: "reference",
  version: 1,
  independent: true,
  events: ["TaxRateSet"],
  ids: ({ data }) => [data.country],
  sources: ({ _id }) => [`taxrate-${_id}`],
  apply(document, { data: { country, taxCategory, rate, validFrom } }) {
    const earlier = document?.rates[taxCategory] ?? [];
    return { _id: country, rates: { ...document?.rates, [taxCategory]: [...earlier, { rate, validFrom }] } };
  },
};
