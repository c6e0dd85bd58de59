import { type CurrencyCode, display, type Money } from "../kernel";
import { type Cart, type CartLine } from "./cart-state";
import { type Address, type SoldLine, type Totals } from "./events";
import { rateOf, totalsOf } from "./totals";

/** A cart as its shopper sees it. */
export interface CartView extends Pick<Cart, "currency" | "country" | "status" | "email" | "orderId"> {
  readonly id: Cart["cartId"];
  readonly lines: readonly CartLineView[];
  readonly totals: Readonly<Record<keyof Totals, Money>>;
  /** Whether the prices contain the tax. */
  readonly taxIncluded: boolean;
  readonly shippingAddress: Address | null;
  readonly shippingMethod: { readonly id: string; readonly name: string; readonly price: Money } | null;
}

export interface CartLineView extends Pick<CartLine, "sku" | "productId" | "name" | "quantity"> {
  readonly id: CartLine["lineId"];
  readonly unitPrice: Money;
  readonly total: Money;
}

export const taxIncluded = ({ taxRegime }: Pick<Cart, "taxRegime">): boolean => taxRegime === "inclusive";

/** The lines with the tax rate that each bears at present. */
export const soldLines = ({ lines, taxRates }: Cart): SoldLine[] =>
  lines.map((line) => ({ ...line, taxRate: rateOf(line.taxCategory, taxRates) }));

/** Without a shipping method yet, shipping counts as 0. */
export const cartTotals = (cart: Cart): Totals =>
  totalsOf(soldLines(cart), cart.shippingMethod?.price ?? "0", {
    currency: cart.currency,
    taxIncluded: taxIncluded(cart),
  });

export function cartView(cart: Cart): CartView {
  const { currency, country, status, email, orderId, shippingAddress, shippingMethod } = cart;
  const money = (amount: string): Money => ({ amount, currency });
  const { items, shipping, tax, grand } = cartTotals(cart);
  return {
    id: cart.cartId,
    status,
    currency,
    country,
    lines: cart.lines.map((line) => lineView(line, currency)),
    totals: { items: money(items), shipping: money(shipping), tax: money(tax), grand: money(grand) },
    taxIncluded: taxIncluded(cart),
    email,
    shippingAddress,
    shippingMethod: shippingMethod && { ...shippingMethod, price: money(shippingMethod.price) },
    orderId,
  };
}

function lineView({ lineId, sku, productId, name, quantity, ...line }: CartLine, currency: CurrencyCode): CartLineView {
  const unitPrice = { amount: display(line.unitPrice, currency), currency };
  return { id: lineId, sku, productId, name, quantity, unitPrice, total: { amount: line.total, currency } };
}
