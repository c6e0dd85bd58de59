import Big from "big.js";
import { z } from "zod";
import { currencyCode, type CurrencyCode } from "./ids";

/** An exact decimal number as text, without exponent: `"12.50"`, `"-0.001"`. Never a float. */
export const decimal = z
  .string()
  .regex(/^-?(0|[1-9]\d{0,14})(\.\d{1,6})?$/, 'a decimal number as text, such as "12.50"');
export type Decimal = string;

/** A decimal that is not negative. */
export const positiveDecimal = z
  .string()
  .regex(/^(0|[1-9]\d{0,14})(\.\d{1,6})?$/, 'a decimal number of 0 or more as text, such as "12.50"');

export const money = z.strictObject({ amount: decimal, currency: currencyCode });
export interface Money {
  readonly amount: Decimal;
  readonly currency: CurrencyCode;
}

/** Digits after the point by ISO 4217, for the currencies that do not have two. */
const FRACTION_DIGITS: Readonly<Record<string, number>> = {
  BIF: 0, CLP: 0, DJF: 0, GNF: 0, ISK: 0, JPY: 0, KMF: 0, KRW: 0, PYG: 0, RWF: 0, UGX: 0, UYI: 0, VND: 0, VUV: 0,
  XAF: 0, XOF: 0, XPF: 0, BHD: 3, IQD: 3, JOD: 3, KWD: 3, LYD: 3, OMR: 3, TND: 3, CLF: 4, UYW: 4,
}; // prettier-ignore

export function fractionDigits(currency: string): number {
  return FRACTION_DIGITS[currency] ?? 2;
}

export const plus = (a: Decimal, b: Decimal): Decimal => Big(a).plus(b).toFixed();
export const minus = (a: Decimal, b: Decimal): Decimal => Big(a).minus(b).toFixed();
export const times = (a: Decimal, b: Decimal | number): Decimal => Big(a).times(b).toFixed();
export const negate = (a: Decimal): Decimal => Big(a).times(-1).toFixed();
export const sum = (amounts: Iterable<Decimal>): Decimal => {
  let total = Big(0);
  for (const amount of amounts) total = total.plus(amount);
  return total.toFixed();
};
/** Negative, 0 or positive, as `a` is less than, equal to or greater than `b`. */
export const compare = (a: Decimal, b: Decimal): -1 | 0 | 1 => Big(a).cmp(b);
export const isZero = (a: Decimal): boolean => Big(a).eq(0);

/** Rounded half away from zero to what can be paid in the currency (commercial rounding, DIN 1333), zero-padded. */
export const roundTo = (amount: Decimal, currency: string): Decimal =>
  Big(amount).toFixed(fractionDigits(currency), Big.roundHalfUp);

/** At least the currency's digits, more where the exact amount has them: `"2.5"` → `"2.50"`, `"0.001"` stays. */
export const display = (amount: Decimal, currency: string): Decimal => {
  const exact = Big(amount);
  const digits = Math.max(fractionDigits(currency), exact.c.length - 1 - exact.e);
  return exact.toFixed(digits);
};

/** The tax inside a gross amount: gross − gross ÷ (1 + rate), rounded to the currency. */
export const taxWithin = (gross: Decimal, rate: Decimal, currency: string): Decimal => {
  const exact = Big(gross);
  return exact.times(rate).div(Big(1).plus(rate)).toFixed(fractionDigits(currency), Big.roundHalfUp);
};

/** The tax on a net amount: net × rate, rounded to the currency. */
export const taxOn = (net: Decimal, rate: Decimal, currency: string): Decimal => roundTo(times(net, rate), currency);
