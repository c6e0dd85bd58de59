import { compare, conflict, type Decimal, type DomainError, invalid, type Sku } from "../kernel";
import { type Cart, type CartLine } from "./cart-state";
import { type Offer, type Quote } from "./commands";
import { lineTotal } from "./totals";

/** What one line may come to at most, so that no total outgrows the 15 digits that amounts have. */
export const LINE_LIMIT = "100000000000";

/** A line whose article costs something else now than the cart says; `now: null`: it cannot be bought any more. */
export interface ChangedPrice extends Pick<CartLine, "lineId" | "sku"> {
  readonly was: Decimal;
  readonly now: Decimal | null;
}

/** Compares every line with today's quotes; an article without a quote cannot be bought. */
export function changedPrices(
  { lines, currency }: Pick<Cart, "lines" | "currency">,
  quotes: readonly Quote[],
): ChangedPrice[] {
  const prices = pricesOf(quotes, currency);
  return lines.flatMap(({ lineId, sku, unitPrice }) => {
    const now = prices.get(sku) ?? null;
    return now !== null && compare(now, unitPrice) === 0 ? [] : [{ lineId, sku, was: unitPrice, now }];
  });
}

/**
 * Refuses quotes that leave out a line, or are in another currency: the cart was changed after they were taken, and they
 * are to be taken again. (What cannot be bought has a quote of `null`.)
 */
export function unquoted(
  { lines, currency }: Pick<Cart, "lines" | "currency">,
  quotes: readonly Quote[],
): DomainError | undefined {
  const prices = pricesOf(quotes, currency);
  const skus = lines.filter(({ sku }) => !prices.has(sku)).map(({ sku }) => sku);
  return skus.length === 0 ? undefined : incomplete(skus);
}

/** Refuses what was offered for a cart that did not have the line yet, or had another currency. */
export function unoffered({ currency }: Pick<Cart, "currency">, sku: Sku, offer: Offer | null | undefined) {
  return offer === undefined || (offer !== null && offer.currency !== currency) ? incomplete([sku]) : undefined;
}

const incomplete = (skus: readonly Sku[]) =>
  conflict(QUOTES_INCOMPLETE, "The cart changed while its prices were looked up. Try again.", { skus });

/** The code of that refusal. */
export const QUOTES_INCOMPLETE = "quotes-incomplete";

/** The price of every line by the quotes, or why the cart cannot have them. */
export function quotedPrices(
  lines: readonly CartLine[],
  quotes: readonly Quote[],
  currency: string,
): Pick<CartLine, "lineId" | "unitPrice">[] | DomainError {
  const prices = pricesOf(quotes, currency);
  const missing = lines.filter(({ sku }) => (prices.get(sku) ?? null) === null).map(({ sku }) => sku);
  if (missing.length > 0) return noPrice(missing, currency);
  const quoted = lines.map((line) => ({ ...line, unitPrice: prices.get(line.sku) ?? line.unitPrice }));
  const large = quoted.find((line) => isTooLarge(line.unitPrice, line.quantity, currency));
  if (large !== undefined) return tooLarge(large.sku);
  return quoted.map(({ lineId, unitPrice }) => ({ lineId, unitPrice }));
}

export interface ForSale extends Offer {
  readonly unitPrice: Decimal;
}

/** Only a published article with a price in the cart's currency can be put into it. */
export function forSale(sku: Sku, offer: Offer | null, currency: string): ForSale | DomainError {
  if (offer === null) return invalid("unknown-sku", `There is no article ${sku}.`, { field: "sku", sku });
  if (!offer.published) return conflict("not-for-sale", `${offer.name} is not for sale.`, { sku });
  const { unitPrice } = offer;
  return unitPrice === null ? noPrice([sku], currency) : { ...offer, unitPrice };
}

const pricesOf = (quotes: readonly Quote[], wanted: string) =>
  new Map(quotes.filter(({ currency }) => currency === wanted).map(({ sku, unitPrice }) => [sku, unitPrice]));

const noPrice = (skus: readonly Sku[], currency: string) =>
  conflict("no-price", `There is no price in ${currency} for ${skus.join(", ")}.`, { skus, currency });

export const isTooLarge = (unitPrice: Decimal, quantity: number, currency: string): boolean =>
  compare(lineTotal(unitPrice, quantity, currency), LINE_LIMIT) > 0;

export const tooLarge = (sku: Sku) =>
  conflict("amount-too-large", `A line of a cart may come to ${LINE_LIMIT} at most.`, { sku, limit: LINE_LIMIT });
