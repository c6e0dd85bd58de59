import {
  type CartId,
  type CountryCode,
  type CurrencyCode,
  type Decimal,
  type LineId,
  type OrderId,
  type PaymentId,
  type ProductId,
  type ShopperId,
  type Sku,
  type Timestamp,
} from "../kernel";
import { type TaxRegime } from "../reference/events";
import { type Address, type PaymentMeans, type TaxRates } from "./events";

interface To<Type extends string> {
  readonly type: Type;
  readonly at: Timestamp;
  readonly cartId: CartId;
  /** The shopper who asks; absent when the shop itself does. Other people's carts are not there for them. */
  readonly by?: ShopperId | undefined;
}

/** An article as it can be bought at the moment in the cart's currency. */
export interface Offer {
  /** Of the price: the cart's may have changed since it was looked up. */
  readonly currency: CurrencyCode;
  readonly productId: ProductId;
  readonly name: string;
  readonly taxCategory: string;
  readonly published: boolean;
  /** `null`: it has no price in the cart's currency. */
  readonly unitPrice: Decimal | null;
}

/** What an article costs at the moment; `null`: it cannot be bought. */
export interface Quote {
  readonly sku: Sku;
  readonly currency: CurrencyCode;
  readonly unitPrice: Decimal | null;
}

/** How a country taxes, at the moment. */
export interface Taxation {
  readonly taxRegime: TaxRegime;
  readonly taxRates: TaxRates;
}

export interface OpenCart extends To<"OpenCart">, Taxation {
  readonly currency: CurrencyCode;
  readonly country: CountryCode | null;
  readonly owner: ShopperId;
  /** What it begins with; what cannot be bought any more is left out. */
  readonly items?: readonly Item[];
}
/** Pieces of an article that come into the cart together. */
export type Item = Pick<AddItem, "lineId" | "sku" | "quantity" | "offer">;
export interface AddItem extends To<"AddItem"> {
  /** Of the line to be made, should the article not be in the cart yet. */
  readonly lineId: LineId;
  readonly sku: Sku;
  readonly quantity: number;
  /** `null`: there is no such article. */
  readonly offer: Offer | null;
}
export interface ChangeItemQuantity extends To<"ChangeItemQuantity"> {
  readonly lineId: LineId;
  /** The whole new quantity. */
  readonly quantity: number;
  /** Of the line's article; `undefined`: the line was not there yet when the offer was to be looked up. */
  readonly offer: Offer | null | undefined;
}
export interface RemoveItem extends To<"RemoveItem"> {
  readonly lineId: LineId;
}
export interface SetCartCurrency extends To<"SetCartCurrency"> {
  readonly currency: CurrencyCode;
  /** Of every article in the cart, in the new currency. */
  readonly quotes: readonly Quote[];
}
export interface SetCartCountry extends To<"SetCartCountry">, Taxation {
  readonly country: CountryCode;
}
export interface SetCartEmail extends To<"SetCartEmail"> {
  readonly email: string;
}
/** With the taxation of the address's country. */
export interface SetShippingAddress extends To<"SetShippingAddress">, Taxation {
  readonly address: Address;
}
export interface SetShippingMethod extends To<"SetShippingMethod"> {
  readonly methodId: string;
}
export interface AcceptPrices extends To<"AcceptPrices"> {
  readonly quotes: readonly Quote[];
}
export interface CheckOut extends To<"CheckOut"> {
  readonly orderId: OrderId;
  readonly paymentId: PaymentId;
  readonly payment: PaymentMeans;
  /** Of every article in the cart. */
  readonly quotes: readonly Quote[];
  /** Whether the shopper agrees to whatever the quotes say. */
  readonly acceptChangedPrices: boolean;
}
export interface AbandonCart extends To<"AbandonCart"> {
  readonly reason: string;
}

export type CartCommand =
  | OpenCart
  | AddItem
  | ChangeItemQuantity
  | RemoveItem
  | SetCartCurrency
  | SetCartCountry
  | SetCartEmail
  | SetShippingAddress
  | SetShippingMethod
  | AcceptPrices
  | CheckOut
  | AbandonCart;
