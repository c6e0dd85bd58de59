import { type Decimal, sum, timesWhole } from "../../domains/kernel";

interface Line {
  readonly quantity: number;
  readonly unitPrice: Decimal;
}

/**
 * The sum of quantity × unit price, exact. Reckons in whole pence (tenths of a penny, …), one sum for each number of
 * digits after the point, as long as those are safe integers: half a million imported lines pass through here.
 */
export function documentTotal(lines: readonly Line[]): Decimal {
  const sums: number[] = [];
  for (const { quantity, unitPrice } of lines) {
    const point = unitPrice.indexOf(".");
    const places = point < 0 ? 0 : unitPrice.length - point - 1;
    const scaled = Number(point < 0 ? unitPrice : unitPrice.slice(0, point) + unitPrice.slice(point + 1)) * quantity;
    const total = (sums[places] ?? 0) + scaled;
    if (!Number.isSafeInteger(scaled) || !Number.isSafeInteger(total)) return slowly(lines);
    sums[places] = total;
  }
  return sum(Object.entries(sums).map(([places, total]) => `${total}e-${places}`));
}

const slowly = (lines: readonly Line[]): Decimal =>
  sum(lines.map(({ unitPrice, quantity }) => timesWhole(unitPrice, quantity)));
