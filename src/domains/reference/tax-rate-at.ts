import { millis } from "../kernel";
import { type TaxCategory } from "./events";

/** A rate and the moment from which it holds. */
export interface DatedRate {
  readonly rate: string;
  readonly validFrom: string;
}

/** Every rate ever set, by tax category, in the order in which they were set. */
export type RateHistory = Readonly<Record<TaxCategory, readonly DatedRate[]>>;

/** The rate in force: the one with the latest `validFrom` that has come; of several from one moment, the last set. */
export const rateAt = (rates: readonly DatedRate[], at: string): string | undefined => datedRateAt(rates, at)?.rate;

/** The rate in force, with the moment from which it holds. */
export function datedRateAt(rates: readonly DatedRate[], at: string): DatedRate | undefined {
  const moment = millis(at);
  let found: DatedRate | undefined;
  for (const rate of rates) {
    const from = millis(rate.validFrom);
    if (from <= moment && (found === undefined || from >= millis(found.validFrom))) found = rate;
  }
  return found;
}

/** The rate of every category in force at a moment, as a cart keeps them: `{ standard: "0.20", zero: "0" }`. */
export function ratesAt(history: RateHistory, at: string): Record<TaxCategory, string> {
  const inForce: Record<TaxCategory, string> = {};
  for (const [category, rates] of Object.entries(history)) {
    const rate = rateAt(rates, at);
    if (rate !== undefined) inForce[category] = rate;
  }
  return inForce;
}
