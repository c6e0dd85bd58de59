import { type Cart, evolveCart } from "./cart-state";
import { type CartEvent } from "./events";
import { shippingMethods } from "./shipping";
import { cartTotals } from "./view";

/** The chosen shipping method follows the cart: its price changes with items, currency and country, or it drops out. */
export function settle(events: readonly CartEvent[], cart: Cart): { events: readonly CartEvent[]; cart: Cart } {
  const after = evolved(cart, events);
  const moved = shippingMoves(after);
  return moved === undefined ? { events, cart: after } : { events: [...events, moved], cart: evolved(after, [moved]) };
}

const evolved = (cart: Cart, events: readonly CartEvent[]): Cart =>
  events.reduce((state, event) => evolveCart(state, event) as Cart, cart);

function shippingMoves(cart: Cart): CartEvent | undefined {
  const { cartId, status, shippingMethod: chosen, currency, country } = cart;
  if (status !== "open" || chosen === null || country === null) return undefined;
  const methods = shippingMethods({ currency, country, items: cartTotals(cart).items });
  const method = methods.find(({ id }) => id === chosen.id);
  if (method === undefined) return { type: "CartShippingMethodDropped", data: { cartId, methodId: chosen.id } };
  if (method.price === chosen.price) return undefined;
  return { type: "CartShippingMethodSet", data: { cartId, method } };
}
