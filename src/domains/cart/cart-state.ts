import {
  type CartId,
  type CountryCode,
  type CurrencyCode,
  type Decimal,
  type LineId,
  type OrderId,
  type ProductId,
  type ShopperId,
  type Sku,
} from "../kernel";
import { type TaxRegime } from "../reference/events";
import { type Address, type CartEvent, type ShippingMethod, type TaxRates } from "./events";
import { lineTotal } from "./totals";

/** A cart's life: `open` → `checked-out` or `abandoned`, and then it changes no more. */
export type CartState = { readonly status: "absent" } | Cart;

export interface Cart {
  readonly status: "open" | "checked-out" | "abandoned";
  readonly cartId: CartId;
  /** Whose cart it is; nobody else gets to see it. */
  readonly owner: ShopperId;
  readonly currency: CurrencyCode;
  readonly country: CountryCode | null;
  readonly taxRegime: TaxRegime;
  readonly taxRates: TaxRates;
  /** In the order of adding; one per SKU. */
  readonly lines: readonly CartLine[];
  readonly email: string | null;
  readonly shippingAddress: Address | null;
  readonly shippingMethod: ShippingMethod | null;
  /** The order it became. */
  readonly orderId: OrderId | null;
}

export interface CartLine {
  readonly lineId: LineId;
  readonly sku: Sku;
  readonly productId: ProductId;
  readonly name: string;
  readonly quantity: number;
  readonly unitPrice: Decimal;
  /** Follows from quantity and unit price; kept so that totals are a matter of adding up. */
  readonly total: Decimal;
  readonly taxCategory: string;
}

export function evolveCart(state: CartState, event: CartEvent): CartState {
  if (event.type === "CartOpened") {
    const { cartId, owner, currency, country, taxRegime, taxRates } = event.data;
    const taxation = { taxRegime, taxRates };
    const nothingYet = { lines: [], email: null, shippingAddress: null, shippingMethod: null, orderId: null };
    return { status: "open", cartId, owner, currency, country, ...taxation, ...nothingYet };
  }
  return state.status === "absent" ? state : { ...state, ...changes(state, event) };
}

function changes(cart: Cart, event: Exclude<CartEvent, { type: "CartOpened" }>): Partial<Cart> {
  switch (event.type) {
    case "ItemAdded": {
      const { cartId: _, ...line } = event.data;
      const total = lineTotal(line.unitPrice, line.quantity, cart.currency);
      return { lines: [...cart.lines, { ...line, total }] };
    }
    case "ItemQuantityChanged": {
      const { lineId, quantity, unitPrice } = event.data;
      const total = lineTotal(unitPrice, quantity, cart.currency);
      return {
        lines: cart.lines.map((line) => (line.lineId === lineId ? { ...line, quantity, unitPrice, total } : line)),
      };
    }
    case "ItemRemoved":
      return { lines: cart.lines.filter(({ lineId }) => lineId !== event.data.lineId) };
    case "CartCurrencySet": {
      const { currency, prices } = event.data;
      return { currency, lines: repriced(cart.lines, prices, currency) };
    }
    case "CartCountrySet": {
      const { country, taxRegime, taxRates } = event.data;
      return { country, taxRegime, taxRates };
    }
    case "CartEmailSet":
      return { email: event.data.email };
    case "CartShippingAddressSet":
      return { shippingAddress: event.data.address };
    case "CartShippingMethodSet":
      return { shippingMethod: event.data.method };
    case "CartShippingMethodDropped":
      return { shippingMethod: null };
    case "CartPricesAccepted":
      return { lines: repriced(cart.lines, event.data.prices, cart.currency) };
    case "CartCheckedOut":
      return { status: "checked-out", orderId: event.data.orderId };
    case "CartAbandoned":
      return { status: "abandoned" };
  }
}

type LinePrice = Pick<CartLine, "lineId" | "unitPrice">;

function repriced(lines: readonly CartLine[], prices: readonly LinePrice[], currency: string): CartLine[] {
  const byLine = new Map(prices.map(({ lineId, unitPrice }) => [lineId, unitPrice]));
  return lines.map((line) => {
    const unitPrice = byLine.get(line.lineId) ?? line.unitPrice;
    return { ...line, unitPrice, total: lineTotal(unitPrice, line.quantity, currency) };
  });
}
