import { compare, type Decimal, roundTo, sum, taxOn, taxWithin, timesWhole } from "../kernel";
import { type TaxRates, type Totals } from "./events";

/** What a line comes to: quantity × unit price, exact, then rounded to what can be paid in the currency. */
export const lineTotal = (unitPrice: Decimal, quantity: number, currency: string): Decimal =>
  roundTo(timesWhole(unitPrice, quantity), currency);

/** The rate for a tax category: `zero` is 0 everywhere, and a category without a rate of its own is taxed as standard. */
export const rateOf = (taxCategory: string, rates: TaxRates): string =>
  rates[taxCategory] ?? (taxCategory === "zero" ? "0" : (rates["standard"] ?? "0"));

export interface Taxed {
  readonly total: Decimal;
  readonly taxRate: string;
}

/**
 * The totals of a cart or order. `items` is the sum of the lines as shown. Tax is reckoned once per rate, on all that
 * bears it, so that rounding does not grow with the number of lines (as EN 16931, BR-CO-14 and BR-S-08, has it).
 * Shipping is ancillary to the goods and shares their tax; of several rates it bears the highest.
 */
export function totalsOf(
  lines: readonly Taxed[],
  shipping: Decimal,
  { currency, taxIncluded }: { readonly currency: string; readonly taxIncluded: boolean },
): Totals {
  const payable = (amount: Decimal) => roundTo(amount, currency);
  const items = sum(lines.map(({ total }) => total));
  const taxed = [...lines, { total: shipping, taxRate: highestRate(lines) }];
  const reckon = taxIncluded ? taxWithin : taxOn;
  const tax = sum([...byRate(taxed)].map(([rate, amounts]) => reckon(sum(amounts), rate, currency)));
  const grand = sum(taxIncluded ? [items, shipping] : [items, shipping, tax]);
  return { items: payable(items), shipping: payable(shipping), tax: payable(tax), grand: payable(grand) };
}

const highestRate = (lines: readonly Taxed[]): string =>
  lines.reduce((highest, { taxRate }) => (compare(taxRate, highest) > 0 ? taxRate : highest), "0");

function byRate(taxed: readonly Taxed[]): Map<string, Decimal[]> {
  const groups = new Map<string, Decimal[]>();
  for (const { taxRate, total } of taxed) {
    const group = groups.get(taxRate);
    if (group) group.push(total);
    else groups.set(taxRate, [total]);
  }
  return groups;
}
