import { type Aggregate, compare, type CountryCode, type Decision, millis, type Timestamp } from "../kernel";
import { type ReferenceEvent, type TaxCategory } from "./events";
import { type RateHistory } from "./tax-rate-at";

/**
 * The tax rates of one country, by tax category. A country changes them every few years, so the history is short
 * enough to be kept whole.
 */
export interface TaxRateState {
  readonly rates: RateHistory;
}

export interface SetTaxRate {
  readonly type: "SetTaxRate";
  readonly at: Timestamp;
  readonly country: CountryCode;
  readonly taxCategory: TaxCategory;
  /** `"0.20"` is 20 %. */
  readonly rate: string;
  /** May lie ahead: rate changes are known months before. */
  readonly validFrom: Timestamp;
}
export type TaxRateCommand = SetTaxRate;

type TaxRateEvent = Extract<ReferenceEvent, { type: `TaxRate${string}` }>;

export const taxrate: Aggregate<TaxRateCommand, TaxRateEvent, TaxRateState> = {
  category: "taxrate",
  initialState: { rates: {} },
  decide(command, state) {
    return setRate(command, state);
  },
  evolve(state, { data: { taxCategory, rate, validFrom } }) {
    const earlier = state.rates[taxCategory] ?? [];
    return { rates: { ...state.rates, [taxCategory]: [...earlier, { rate, validFrom }] } };
  },
};

/** Of two rates from the same moment the one set last counts, so a typing error is corrected by setting it again. */
function setRate({ country, taxCategory, rate, validFrom }: SetTaxRate, state: TaxRateState): Decision<TaxRateEvent> {
  const counting = state.rates[taxCategory]?.findLast((known) => millis(known.validFrom) === millis(validFrom));
  if (counting !== undefined && compare(counting.rate, rate) === 0) return [];
  return [{ type: "TaxRateSet", data: { country, taxCategory, rate, validFrom } }];
}
