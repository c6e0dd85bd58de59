import { conflict, type Decision, DomainError, type LineId } from "../kernel";
import { type Cart } from "./cart-state";
import { type CheckOut } from "./commands";
import { type CartEvent, type Sale } from "./events";
import { changedPrices, quotedPrices, unquoted } from "./quotes";
import { settle } from "./settle";
import { cartTotals, soldLines, taxIncluded } from "./view";

/**
 * The cart becomes an order: it must be complete, all its articles must still be for sale, and at the prices that the
 * shopper has seen, unless they agree to those of now.
 */
export function checkOut(command: CheckOut, cart: Cart): Decision<CartEvent> {
  const prices = unquoted(cart, command.quotes) ?? pricesToAccept(command, cart);
  if (prices instanceof DomainError) return prices;
  const { cartId } = cart;
  const accepted: CartEvent[] = prices.length === 0 ? [] : [{ type: "CartPricesAccepted", data: { cartId, prices } }];
  const { events, cart: settled } = settle(accepted, cart);
  const sale = saleOf(settled);
  if (sale instanceof DomainError) return sale;
  const { orderId, paymentId, payment } = command;
  return [...events, { type: "CartCheckedOut", data: { cartId, orderId, paymentId, ...sale, payment } }];
}

function pricesToAccept({ quotes, acceptChangedPrices }: CheckOut, cart: Cart) {
  const changed = changedPrices(cart, quotes);
  const gone = changed.filter(({ now }) => now === null).map(({ lineId, sku }) => ({ lineId, sku }));
  if (gone.length > 0) {
    const articles = gone.map(({ sku }) => sku).join(", ");
    return conflict("not-for-sale", `Not for sale any more: ${articles}. Remove it to go on.`, { lines: gone });
  }
  if (changed.length > 0 && !acceptChangedPrices) {
    const message = "Prices have changed since the articles were added. Accept the new ones to go on.";
    return conflict("price-changed", message, { lines: changed });
  }
  if (changed.length === 0) return [];
  const changedLines = new Set<LineId>(changed.map(({ lineId }) => lineId));
  return quotedPrices(
    cart.lines.filter(({ lineId }) => changedLines.has(lineId)),
    quotes,
    cart.currency,
  );
}

function saleOf(cart: Cart): Sale | DomainError {
  const { owner, currency, country, email, shippingAddress, shippingMethod } = cart;
  const lines = soldLines(cart);
  if (lines.length === 0 || country === null || email === null || shippingAddress === null || shippingMethod === null) {
    const parts = { items: lines.length > 0, email, shippingAddress, shippingMethod };
    const missing = Object.entries(parts).flatMap(([part, given]) => (given ? [] : [part]));
    return conflict("cart-incomplete", `Still missing before checkout: ${missing.join(", ")}.`, { missing });
  }
  return {
    owner,
    currency,
    country,
    email,
    shippingAddress,
    shippingMethod,
    lines,
    totals: cartTotals(cart),
    taxIncluded: taxIncluded(cart),
  };
}
