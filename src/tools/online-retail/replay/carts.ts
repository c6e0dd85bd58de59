import { isCharge } from "../codes";
import { type Plan, type TradeDocument } from "../classify";
import { countryCodeOf } from "../countries";

/** Where a shopper lives; what the data set does not have is made up. */
export interface ReplayAddress {
  readonly name: string;
  readonly line1: string;
  readonly city: string;
  readonly postalCode: string;
  readonly country: string;
}

export interface ReplayLine {
  readonly sku: string;
  readonly quantity: number;
}

/** A sales invoice as somebody shops for it. */
export interface ReplayCart {
  readonly invoice: string;
  /** Seconds since 1970. */
  readonly time: number;
  /** `"17850"`; empty for a guest. */
  readonly customer: string;
  /** One per SKU, in the order in which the invoice names them first; never empty. */
  readonly lines: readonly ReplayLine[];
  readonly address: ReplayAddress;
}

/** How many lines of the chosen invoices went into carts, and why the others did not. */
export interface LineCount {
  readonly taken: number;
  /** Joined another line of the same article. */
  merged: number;
  /** Postage, discounts, fees: the shop charges its own. */
  charges: number;
  /** Articles that were never sold at a price: a shop does not give things away. */
  unpriced: number;
}

export interface CartPlan {
  readonly carts: readonly ReplayCart[];
  /** Invoices with nothing on them that can be put in a cart. */
  readonly withoutGoods: number;
  readonly lines: Readonly<LineCount>;
}

/** Country for what the data set does not name as one: it is where the merchant is. */
const HOME = "GB";

/** The first `count` sales invoices in the order of their time, as carts. */
export function cartsOf(plan: Plan, count = Infinity): CartPlan {
  const priced = new Set(plan.articles.flatMap(({ code, typicalPrice }) => (typicalPrice === undefined ? [] : [code])));
  const sales = plan.documents
    .filter(({ fate }) => fate === "sale")
    .sort((a, b) => a.time - b.time || firstRow(plan, a) - firstRow(plan, b));
  const lines = { taken: 0, merged: 0, charges: 0, unpriced: 0 };
  const carts: ReplayCart[] = [];
  let withoutGoods = 0;
  for (const sale of sales) {
    if (carts.length >= count) break;
    const cart = cartOf(plan, sale, priced, lines);
    if (cart === undefined) withoutGoods++;
    else carts.push(cart);
  }
  return { carts, withoutGoods, lines };
}

const firstRow = ({ table }: Plan, { lines: [first = 0] }: TradeDocument): number => table.at("row", first);

function cartOf(
  { table }: Plan,
  { number, time, lines }: TradeDocument,
  priced: ReadonlySet<string>,
  count: { -readonly [K in keyof LineCount]: number },
): ReplayCart | undefined {
  const quantities = new Map<string, number>();
  for (const index of lines) {
    const sku = table.codes.text(table.at("code", index));
    const before = quantities.get(sku);
    if (isCharge(sku)) count.charges++;
    else if (!priced.has(sku)) count.unpriced++;
    else if (before !== undefined) count.merged++;
    else count.taken++;
    if (!isCharge(sku) && priced.has(sku)) quantities.set(sku, (before ?? 0) + table.quantity(index));
  }
  const [first] = lines;
  if (quantities.size === 0 || first === undefined) return undefined;
  const customer = table.customers.text(table.at("customer", first));
  return {
    invoice: number,
    time,
    customer,
    lines: [...quantities].map(([sku, quantity]) => ({ sku, quantity })),
    address: addressOf(customer, table.countries.text(table.at("country", first))),
  };
}

const addressOf = (customer: string, country: string): ReplayAddress => ({
  name: customer === "" ? "Guest" : `Customer ${customer}`,
  line1: "1 Market Street",
  city: country,
  postalCode: "10000",
  country: countryCodeOf(country) ?? HOME,
});

/**
 * The address that the order confirmation goes to. It says which run of the replay and which invoice an order came of,
 * so that the shop's own list of orders can be held against the file.
 */
export const emailOf = ({ customer, invoice }: Pick<ReplayCart, "customer" | "invoice">, run: string): string =>
  `${customer === "" ? "guest" : customer}+${invoice}.${run}@example.com`;

/** The invoice that an order of the run came of; `undefined` for an order of anybody else's. */
export function invoiceOf(email: string | null, run: string): string | undefined {
  const found = /^[^+]+\+([^.]+)\.([^@]+)@example\.com$/.exec(email ?? "");
  return found?.[2] === run ? found[1] : undefined;
}
