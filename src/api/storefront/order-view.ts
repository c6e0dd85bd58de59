import { z } from "zod";
import { type Sale } from "../../domains/cart";
import { type DomainError, type Money, notFound } from "../../domains/kernel";
import { type Order } from "../../domains/ordering";
import { type OrderDocument } from "../../projections/ordering";
import { moneyView } from "../shared/schemas";
import { addressSchema, cartLineSchema, shippingMethodSchema, totalsSchema } from "./cart-view";

export const orderSchema = z
  .object({
    id: z.uuid(),
    number: z.string().describe("For people, e.g. `7KQ2-M0XC-4T`."),
    status: z.enum(["placed", "confirmed", "cancelled", "completed"]),
    reason: z
      .string()
      .nullable()
      .describe("Why it was cancelled: `out-of-stock`, `payment-declined`, `payment-timeout`, or a person's words."),
    note: z.string().nullable(),
    cartId: z.uuid(),
    currency: z.string(),
    country: z.string(),
    email: z.string(),
    lines: z.array(cartLineSchema.omit({ priceNow: true })),
    totals: totalsSchema,
    taxIncluded: z.boolean(),
    shippingAddress: addressSchema,
    shippingMethod: shippingMethodSchema,
    payment: z.object({ method: z.string(), status: z.string().nullable() }),
    placedAt: z.string(),
  })
  .meta({ id: "Order" });

/** To whom an order does not belong, it is not there. */
export const noOrder = (orderId: string): DomainError => notFound("order-not-found", `There is no order ${orderId}.`);

export type OrderView = z.input<typeof orderSchema>;

interface Parts extends Omit<Sale, "owner"> {
  readonly id: string;
  readonly number: string;
  readonly status: OrderView["status"];
  readonly reason: string | null;
  readonly note: string | null;
  readonly cartId: string;
  readonly payment: OrderView["payment"];
  readonly placedAt: string;
}

function view(parts: Parts): OrderView {
  const { currency, totals, lines, shippingMethod } = parts;
  const money = (amount: string): Money => moneyView(amount, currency);
  return {
    id: parts.id,
    number: parts.number,
    status: parts.status,
    reason: parts.reason,
    note: parts.note,
    cartId: parts.cartId,
    currency,
    country: parts.country,
    email: parts.email,
    lines: lines.map(({ lineId, sku, productId, name, quantity, unitPrice, total }) => ({
      id: lineId,
      sku,
      productId,
      name,
      quantity,
      unitPrice: money(unitPrice),
      total: money(total),
    })),
    totals: {
      items: money(totals.items),
      shipping: money(totals.shipping),
      tax: money(totals.tax),
      grand: money(totals.grand),
    },
    taxIncluded: parts.taxIncluded,
    shippingAddress: parts.shippingAddress,
    shippingMethod: { id: shippingMethod.id, name: shippingMethod.name, price: money(shippingMethod.price) },
    payment: parts.payment,
    placedAt: parts.placedAt,
  };
}

/** An order right after it was placed, before anybody has read it back. */
export function placedOrder({ orderId, number, status, cartId, sale }: Order, method: string, at: string): OrderView {
  const payment = { method, status: null };
  return view({ ...sale, id: orderId, number, status, reason: null, note: null, cartId, payment, placedAt: at });
}

/** An order as the shop knows it now; `undefined` for one that was imported, which no shopper owns. */
export function shownOrder(document: OrderDocument): OrderView | undefined {
  const { _id, status, cartId, email, lines, taxIncluded, shippingAddress, shippingMethod, payment } = document;
  if (status === "imported" || cartId === null || email === null || lines === null || payment === null)
    return undefined;
  if (taxIncluded === null || shippingAddress === null || shippingMethod === null) return undefined;
  return view({
    id: _id,
    number: document.number,
    status,
    reason: document.reason,
    note: document.note,
    cartId,
    currency: document.currency as Sale["currency"],
    country: document.country as Sale["country"],
    email,
    lines: [...lines],
    totals: document.totals,
    taxIncluded,
    shippingAddress,
    shippingMethod,
    payment: { method: payment.method, status: payment.status },
    placedAt: document.placedAt,
  });
}
