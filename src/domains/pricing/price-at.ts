import { millis } from "../kernel";
import { type PriceEntry } from "./events";

/** Whose price, in what currency, at what time. `customerGroup: null`: somebody of no group. */
export interface PriceQuestion {
  readonly currency: string;
  readonly customerGroup: string | null;
  readonly at: string;
}

/**
 * The price in force for one SKU, among all its prices in the order in which they were set. Of those that hold at the
 * moment: the customer group's own goes before the general one, then the latest `validFrom`, then the one set last.
 */
export function priceAt<P extends PriceEntry>(prices: readonly P[], question: PriceQuestion): P | undefined {
  const moment = millis(question.at);
  let found: P | undefined;
  for (const price of prices) {
    const asked = price.customerGroup === null || price.customerGroup === question.customerGroup;
    if (!asked || price.currency !== question.currency || !holds(price, moment)) continue;
    if (found === undefined || !yields(price, found)) found = price;
  }
  return found;
}

/** From `validFrom` up to but not including `validUntil`. */
const holds = ({ validFrom, validUntil }: PriceEntry, moment: number): boolean =>
  millis(validFrom) <= moment && (validUntil === null || moment < millis(validUntil));

/** Whether a price set later gives way to one set earlier. */
function yields(later: PriceEntry, earlier: PriceEntry): boolean {
  const laterIsGeneral = later.customerGroup === null;
  const earlierIsGeneral = earlier.customerGroup === null;
  if (laterIsGeneral !== earlierIsGeneral) return laterIsGeneral;
  return millis(later.validFrom) < millis(earlier.validFrom);
}
