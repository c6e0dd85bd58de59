import { type OrderAnswer, type ShopClient, Shopper } from "../../http";
import { CURRENCY } from "../documents";
import { sameLines } from "./accounting";
import { emailOf, type ReplayCart } from "./carts";

export interface JourneyOptions {
  readonly client: ShopClient;
  readonly run: string;
  /** The shop must have seen the articles and prices that were set. */
  readonly token: string | undefined;
  /** How long an order may stay undecided, in ms. */
  readonly patience: number;
}

/** Every request of an invoice has a key of its own that the next try has too: whatever it did is done once. */
const keysOf = (run: string, invoice: string): string => `replay ${run} ${invoice}`;

/**
 * One invoice through the front door: a cart, its lines, e-mail, address, shipping method, checkout.
 * @throws Refused, ShopUnreachable, or when the order is not what was in the cart
 */
export async function shop(cart: ReplayCart, { client, run, token, patience }: JourneyOptions): Promise<OrderAnswer> {
  const { invoice, lines, address } = cart;
  const shopper = await Shopper.enter(client, {
    currency: CURRENCY,
    country: address.country,
    keys: keysOf(run, invoice),
    token,
  });
  for (const { sku, quantity } of lines) await shopper.add(sku, quantity);
  await shopper.email(emailOf(cart, run));
  await shopper.ship(address);
  await shopper.chooseShipping();
  const order = await shopper.checkOut(patience);
  if (!sameLines(lines, order.lines)) throw new Error(`Order ${order.id} has other lines than its cart.`);
  if (order.status === "placed")
    throw new Error(`Order ${order.id} was not decided within ${Math.round(patience / 1000)} s.`);
  return order;
}
