import Big from "big.js";
import { type Decimal } from "./money";

/**
 * Amount × a whole number, exact, with as many digits after the point as the amount has: `"2.55"` × 6 = `"15.30"`.
 * Reckons in whole hundredths (thousandths, …) where those are safe integers, which is ten times as fast as `times`:
 * half a million imported lines pass through here.
 */
export function timesWhole(amount: Decimal, count: number): Decimal {
  const point = amount.indexOf(".");
  const places = point < 0 ? 0 : amount.length - point - 1;
  const scaled = Number(point < 0 ? amount : amount.slice(0, point) + amount.slice(point + 1)) * count;
  return Number.isSafeInteger(scaled) ? fromScaled(scaled, places) : Big(amount).times(count).toFixed(places);
}

function fromScaled(scaled: number, places: number): Decimal {
  const digits = String(Math.abs(scaled)).padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places);
  const text = places === 0 ? whole : `${whole}.${digits.slice(-places)}`;
  return scaled < 0 ? `-${text}` : text;
}
