import { type Aggregate, conflict, type Decision, DomainError, invalid, notFound } from "../kernel";
import { type Cart, type CartLine, type CartState, evolveCart } from "./cart-state";
import { checkOut } from "./checkout";
import {
  type AbandonCart,
  type AcceptPrices,
  type AddItem,
  type CartCommand,
  type ChangeItemQuantity,
  type OpenCart,
  type RemoveItem,
  type SetCartCountry,
  type SetCartCurrency,
  type SetCartEmail,
  type SetShippingAddress,
  type SetShippingMethod,
} from "./commands";
import { type CartEvent } from "./events";
import { changedPrices, forSale, isTooLarge, quotedPrices, tooLarge, unoffered, unquoted } from "./quotes";
import { sameFields } from "./same-fields";
import { settle } from "./settle";
import { shippingMethods } from "./shipping";
import { cartTotals } from "./view";

/** Different articles in one cart; a real wholesaler's largest invoice had 1,114 lines. */
export const MAX_LINES = 2_000;
/** Pieces of one article. */
export const MAX_QUANTITY = 1_000_000;

export const cart: Aggregate<CartCommand, CartEvent, CartState> = {
  category: "cart",
  initialState: { status: "absent" },
  decide(command, state) {
    if (command.type === "OpenCart") return open(command, state);
    if (state.status === "absent" || (command.by !== undefined && command.by !== state.owner)) {
      return noCart(command.cartId);
    }
    if (command.type === "AbandonCart" && state.status === "abandoned") return [];
    if (state.status !== "open") return closed(state);
    if (command.type === "CheckOut") return checkOut(command, state);
    const decision = change(command, state);
    return decision instanceof DomainError ? decision : settle(decision, state).events;
  },
  evolve: evolveCart,
};

/** Also the answer to whoever asks for a cart that is not theirs. */
export const noCart = (id: string): DomainError => notFound("cart-not-found", `There is no cart ${id}.`);

function closed({ status, orderId }: Cart): DomainError {
  const became = status === "checked-out" ? "an order" : "abandoned";
  return conflict("cart-closed", `The cart has become ${became} and changes no more.`, { status, orderId });
}

function change(command: Exclude<CartCommand, { type: "OpenCart" | "CheckOut" }>, state: Cart): Decision<CartEvent> {
  switch (command.type) {
    case "AddItem":
      return addItem(command, state);
    case "ChangeItemQuantity":
      return changeItemQuantity(command, state);
    case "RemoveItem":
      return removeItem(command, state);
    case "SetCartCurrency":
      return setCurrency(command, state);
    case "SetCartCountry":
      return setCountry(command, state);
    case "SetCartEmail":
      return setEmail(command, state);
    case "SetShippingAddress":
      return setShippingAddress(command, state);
    case "SetShippingMethod":
      return setShippingMethod(command, state);
    case "AcceptPrices":
      return acceptPrices(command, state);
    case "AbandonCart":
      return abandon(command);
  }
}

function open({ type: _, by: __, items = [], ...given }: OpenCart, state: CartState): Decision<CartEvent> {
  const { at, ...data } = given;
  const { cartId } = data;
  if (state.status !== "absent") return conflict("cart-exists", `Cart ${cartId} was opened before.`);
  const events: CartEvent[] = [{ type: "CartOpened", data }];
  let cart = events.reduce(evolveCart, state);
  for (const item of items) {
    const added = cart.status === "absent" ? [] : addItem({ type: "AddItem", at, cartId, ...item }, cart);
    if (added instanceof DomainError) continue;
    events.push(...added);
    cart = added.reduce(evolveCart, cart);
  }
  return events;
}

/** An article that is in the cart already gets more pieces on its line; all of them at the price of now. */
function addItem({ cartId, lineId, sku, quantity, offer }: AddItem, state: Cart): Decision<CartEvent> {
  const article = unoffered(state, sku, offer) ?? forSale(sku, offer, state.currency);
  if (article instanceof DomainError) return article;
  const { unitPrice, productId, name, taxCategory } = article;
  const line = state.lines.find((known) => known.sku === sku);
  const refused = quantityRefused(sku, (line?.quantity ?? 0) + quantity, unitPrice, state.currency);
  if (refused) return refused;
  if (line !== undefined) return [quantityChanged(state, line, line.quantity + quantity, unitPrice)];
  if (state.lines.length >= MAX_LINES) {
    return conflict("cart-full", `A cart holds ${MAX_LINES} different articles at most.`, { limit: MAX_LINES });
  }
  const data = { cartId, lineId, sku, productId, name, quantity, unitPrice, taxCategory };
  return [{ type: "ItemAdded", data }];
}

/** Fewer pieces can be had of what is no longer for sale, at the price that the cart has. */
function changeItemQuantity({ lineId, quantity, offer }: ChangeItemQuantity, state: Cart): Decision<CartEvent> {
  const line = state.lines.find((known) => known.lineId === lineId);
  if (line === undefined) return noLine(lineId);
  const outdated = unoffered(state, line.sku, offer);
  if (outdated) return outdated;
  const article = forSale(line.sku, offer ?? null, state.currency);
  if (article instanceof DomainError && quantity > line.quantity) return article;
  const unitPrice = article instanceof DomainError ? line.unitPrice : article.unitPrice;
  if (quantity === line.quantity && unitPrice === line.unitPrice) return [];
  const refused = quantityRefused(line.sku, quantity, unitPrice, state.currency);
  return refused ?? [quantityChanged(state, line, quantity, unitPrice)];
}

function removeItem({ cartId, lineId }: RemoveItem, state: Cart): Decision<CartEvent> {
  const line = state.lines.find((known) => known.lineId === lineId);
  return line === undefined ? noLine(lineId) : [{ type: "ItemRemoved", data: { cartId, lineId, sku: line.sku } }];
}

/** Every article in the cart must have a price in the new currency. */
function setCurrency({ cartId, currency, quotes }: SetCartCurrency, state: Cart): Decision<CartEvent> {
  if (currency === state.currency) return [];
  const prices = unquoted({ ...state, currency }, quotes) ?? quotedPrices(state.lines, quotes, currency);
  if (prices instanceof DomainError) return prices;
  return [{ type: "CartCurrencySet", data: { cartId, currency, prices } }];
}

/** The country of a shipping address is that address's. */
function setCountry(command: SetCartCountry, state: Cart): Decision<CartEvent> {
  const addressed = state.shippingAddress?.country;
  if (addressed !== undefined && addressed !== command.country) {
    return conflict("country-differs-from-address", `The shipping address lies in ${addressed}. Change the address.`, {
      field: "country",
      country: addressed,
    });
  }
  return countrySet(command, command, state);
}

function setEmail({ cartId, email }: SetCartEmail, state: Cart): Decision<CartEvent> {
  return email === state.email ? [] : [{ type: "CartEmailSet", data: { cartId, email } }];
}

/** The address decides on the country, and with it on tax and shipping. */
function setShippingAddress(command: SetShippingAddress, state: Cart): Decision<CartEvent> {
  const { cartId, address } = command;
  const known = state.shippingAddress;
  const same = known !== null && sameFields(known, address);
  const events: CartEvent[] = same ? [] : [{ type: "CartShippingAddressSet", data: { cartId, address } }];
  return [...events, ...countrySet(command, address, state)];
}

function countrySet(
  { cartId, taxRegime, taxRates }: SetCartCountry | SetShippingAddress,
  { country }: Pick<SetCartCountry, "country">,
  state: Cart,
): CartEvent[] {
  const same = country === state.country && taxRegime === state.taxRegime && sameFields(taxRates, state.taxRates);
  return same ? [] : [{ type: "CartCountrySet", data: { cartId, country, taxRegime, taxRates } }];
}

function setShippingMethod({ cartId, methodId }: SetShippingMethod, state: Cart): Decision<CartEvent> {
  const { currency, country, shippingMethod } = state;
  if (country === null) return conflict("country-missing", "Set the country or the shipping address first.");
  const methods = shippingMethods({ currency, country, items: cartTotals(state).items });
  const method = methods.find(({ id }) => id === methodId);
  if (method === undefined) {
    const known = methods.map(({ id }) => id);
    return invalid("unknown-shipping-method", `Shipping to ${country} is by ${known.join(" or ")}.`, {
      field: "id",
      methods: known,
    });
  }
  const same = shippingMethod?.id === method.id && shippingMethod.price === method.price;
  return same ? [] : [{ type: "CartShippingMethodSet", data: { cartId, method } }];
}

function acceptPrices({ cartId, quotes }: AcceptPrices, state: Cart): Decision<CartEvent> {
  if (changedPrices(state, quotes).length === 0) return [];
  const prices = unquoted(state, quotes) ?? quotedPrices(state.lines, quotes, state.currency);
  if (prices instanceof DomainError) return prices;
  return [{ type: "CartPricesAccepted", data: { cartId, prices } }];
}

const abandon = ({ cartId, reason }: AbandonCart): Decision<CartEvent> => [
  { type: "CartAbandoned", data: { cartId, reason } },
];

const noLine = (lineId: string) => notFound("line-not-found", `The cart has no line ${lineId}.`, { lineId });

function quantityChanged({ cartId }: Cart, { lineId, sku }: CartLine, quantity: number, unitPrice: string): CartEvent {
  return { type: "ItemQuantityChanged", data: { cartId, lineId, sku, quantity, unitPrice } };
}

function quantityRefused(sku: CartLine["sku"], quantity: number, unitPrice: string, currency: string) {
  if (quantity > MAX_QUANTITY) {
    const details = { field: "quantity", sku, limit: MAX_QUANTITY };
    return invalid("quantity-too-large", `A cart holds ${MAX_QUANTITY} pieces of an article at most.`, details);
  }
  return isTooLarge(unitPrice, quantity, currency) ? tooLarge(sku) : undefined;
}
