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

/**
 * The prices that can be in force at `at` or later; for readers who never ask about the past. Without those that have
 * ended, and those that gave way for good to one without end. The order is kept.
 */
export function pricesFrom<P extends PriceEntry>(prices: readonly P[], at: string): P[] {
  const moment = millis(at);
  const lasting = new Map<string, { readonly price: P; readonly order: number }>();
  prices.forEach((price, order) => {
    const begunWithoutEnd = price.validUntil === null && millis(price.validFrom) <= moment;
    const before = lasting.get(priceKey(price));
    if (begunWithoutEnd && (before === undefined || !yields(price, before.price))) {
      lasting.set(priceKey(price), { price, order });
    }
  });
  return prices.filter((price, order) => {
    if (price.validUntil !== null && millis(price.validUntil) <= moment) return false;
    const base = lasting.get(priceKey(price));
    if (base === undefined) return true;
    const begunAfterBase = millis(price.validFrom) - millis(base.price.validFrom);
    return begunAfterBase > 0 || (begunAfterBase === 0 && order >= base.order);
  });
}

/** In what currency and whose a price is: prices of one key take each other's place. */
export const priceKey = ({ currency, customerGroup }: PriceEntry): string => `${currency}/${customerGroup ?? ""}`;
