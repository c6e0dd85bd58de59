import { compare, type Decimal, roundTo } from "../kernel";
import { type ShippingMethod } from "./events";

/** The country that the shop sends from: shipping within it is domestic. */
export const SHOP_COUNTRY = "GB";

type MethodId = "standard" | "express" | "pickup";

interface Fee {
  readonly domestic: Decimal;
  /** `null`: does not leave the country. */
  readonly international: Decimal | null;
  /** Items total from which the domestic fee is waived. */
  readonly freeFrom?: Decimal;
}
type Fees = Readonly<Record<MethodId, Fee>>;

/** In the order in which they are offered. */
const NAMES: Readonly<Record<MethodId, string>> = {
  standard: "Standard delivery",
  express: "Express delivery",
  pickup: "Pick up at the shop",
};

const fees = (standard: Fee, express: Fee): Fees => ({
  standard,
  express,
  pickup: { domestic: "0", international: null },
});

const EUR = fees(
  { domestic: "4.90", international: "11.90", freeFrom: "60" },
  { domestic: "9.90", international: "29.90" },
);

/** What shipping costs by currency, in round amounts of that currency. */
const FEES: Readonly<Record<string, Fees>> = {
  EUR,
  GBP: fees({ domestic: "3.95", international: "9.95", freeFrom: "50" }, { domestic: "7.95", international: "24.95" }),
  USD: fees({ domestic: "4.95", international: "12.95", freeFrom: "65" }, { domestic: "9.95", international: "32.95" }),
  JPY: fees({ domestic: "600", international: "1600", freeFrom: "8000" }, { domestic: "1200", international: "4000" }),
};

/** What of a cart decides on its shipping. */
export interface Parcel {
  readonly currency: string;
  readonly country: string;
  /** Items total. */
  readonly items: Decimal;
}

/** The methods open to a parcel at their prices. A currency without fees of its own has the amounts of the euro. */
export function shippingMethods({ currency, country, items }: Parcel): ShippingMethod[] {
  const table = FEES[currency] ?? EUR;
  return (Object.keys(NAMES) as MethodId[]).flatMap((id) => {
    const fee = feeFor(table[id], country, items);
    return fee === null ? [] : [{ id, name: NAMES[id], price: roundTo(fee, currency) }];
  });
}

function feeFor({ domestic, international, freeFrom }: Fee, country: string, items: Decimal): Decimal | null {
  if (country !== SHOP_COUNTRY) return international;
  return freeFrom !== undefined && compare(items, freeFrom) >= 0 ? "0" : domestic;
}
