import { type Cart, evolveCart } from "../../domains/cart/cart-state";
import { type CartEvent } from "../../domains/cart/events";
import { type Projection } from "../../domains/kernel";

/** A cart as its shopper reads it. */
export interface CartDocument {
  /** The cart's id. */
  readonly _id: string;
  readonly cart: Cart;
  readonly openedAt: string;
  readonly updatedAt: string;
  /** Revision of the cart's stream. */
  readonly revision: number;
}

export const carts: Projection<CartDocument, CartEvent> = {
  name: "carts",
  context: "cart",
  version: 1,
  independent: true,
  events: [
    "CartOpened",
    "ItemAdded",
    "ItemQuantityChanged",
    "ItemRemoved",
    "CartCurrencySet",
    "CartCountrySet",
    "CartEmailSet",
    "CartShippingAddressSet",
    "CartShippingMethodSet",
    "CartShippingMethodDropped",
    "CartPricesAccepted",
    "CartCheckedOut",
    "CartAbandoned",
  ],
  begins: ["CartOpened"],
  indexes: [{ key: { "cart.status": 1, updatedAt: 1 } }],
  ids: ({ data }) => [data.cartId],
  sources: ({ _id }) => [`cart-${_id}`],
  apply(document, event, id) {
    const cart = evolveCart(document?.cart ?? { status: "absent" }, event);
    if (cart.status === "absent") return undefined;
    const { occurredAt } = event.metadata;
    return {
      _id: id,
      cart,
      openedAt: document?.openedAt ?? occurredAt,
      updatedAt: occurredAt,
      revision: event.revision,
    };
  },
};
