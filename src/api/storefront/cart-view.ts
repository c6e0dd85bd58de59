import { z } from "zod";
import { address, type Cart, type CartView, cartView, changedPrices, type Quote } from "../../domains/cart";
import { type Money } from "../../domains/kernel";
import { moneySchema, moneyView } from "../shared/schemas";

export const cartLineSchema = z
  .object({
    id: z.string(),
    sku: z.string(),
    productId: z.uuid(),
    name: z.string(),
    quantity: z.int(),
    unitPrice: moneySchema,
    total: moneySchema,
    priceNow: moneySchema
      .nullable()
      .optional()
      .describe("Only where the price has changed since: what it costs now; null when it is no longer for sale."),
  })
  .meta({ id: "CartLine" });

export const totalsSchema = z
  .object({
    items: moneySchema,
    shipping: moneySchema,
    tax: moneySchema.describe("Contained in the prices where `taxIncluded`, added to them otherwise."),
    grand: moneySchema.describe("What is to be paid."),
  })
  .meta({ id: "Totals" });

export const shippingMethodSchema = z
  .object({ id: z.string(), name: z.string(), price: moneySchema })
  .meta({ id: "ShippingMethod" });

export const addressSchema = address.meta({ id: "Address" });

export const cartSchema = z
  .object({
    id: z.uuid(),
    status: z.enum(["open", "checked-out", "abandoned"]),
    currency: z.string(),
    country: z.string().nullable(),
    lines: z.array(cartLineSchema),
    totals: totalsSchema,
    taxIncluded: z.boolean(),
    pricesChanged: z.boolean().describe("Whether some line costs something else now; see its `priceNow`."),
    email: z.string().nullable(),
    shippingAddress: addressSchema.nullable(),
    shippingMethod: shippingMethodSchema.nullable(),
    orderId: z.uuid().nullable().describe("The order it became."),
  })
  .meta({ id: "Cart" });

/** A new cart comes with the token that later calls must carry. */
export const openedCartSchema = cartSchema
  .extend({
    shopperToken: z.string().describe("Send it as `Authorization: Bearer …` with every later call."),
    shopperTokenExpiresAt: z.iso
      .datetime()
      .describe("Used before then, it is followed by another in good time: keep the `Shopper-Token` of any answer."),
  })
  .meta({ id: "OpenedCart" });

type Line = CartView["lines"][number] & { readonly priceNow?: Money | null };
export interface ShownCart extends Omit<CartView, "lines"> {
  readonly lines: readonly Line[];
  readonly pricesChanged: boolean;
}

/** The cart with what has changed in price since its lines were added. A cart that is closed is history. */
export function shownCart(cart: Cart, quotes: readonly Quote[]): ShownCart {
  const view = cartView(cart);
  const changed = cart.status === "open" ? changedPrices(cart, quotes) : [];
  if (changed.length === 0) return { ...view, pricesChanged: false };
  const now = new Map(changed.map((each) => [each.lineId, each.now]));
  const lines = view.lines.map((line): Line => {
    const amount = now.get(line.id);
    if (amount === undefined) return line;
    return { ...line, priceNow: amount === null ? null : moneyView(amount, cart.currency) };
  });
  return { ...view, lines, pricesChanged: true };
}
