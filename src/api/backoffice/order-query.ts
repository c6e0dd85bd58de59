import { z } from "zod";
import { email } from "../../domains/cart";
import { NOBODY, timestamp } from "../../domains/kernel";
import { normalOrderNumber } from "../../domains/ordering";
import { personText } from "../../infra/privacy";
import { type ReadModel } from "../../infra/runtime";
import { type OrderDocument } from "../../projections/ordering";
import { cursor, limit } from "../http";
import { type Services } from "../services";
import { kinds, orderStatuses } from "./order-view";

/** When the last order of a page was placed, and its id. */
const place = z.tuple([z.string(), z.string()]);

export const orderListQuery = z.strictObject({
  status: z.enum(orderStatuses).optional(),
  kind: z.enum(kinds).optional(),
  number: z.string().trim().min(1).max(64).describe("As read out: `7kq2 m0xc 4t` will do.").optional(),
  email: email.optional(),
  customer: z.string().min(1).max(64).optional(),
  source: z.string().min(1).max(64).optional(),
  from: timestamp.describe("First moment at which it was placed.").optional(),
  to: timestamp.describe("The moment before which it was placed.").optional(),
  limit: limit(50, 200),
  cursor: cursor(place).optional(),
});
type OrderListQuery = z.output<typeof orderListQuery>;

/** Which orders are asked for, wherever the page begins. */
export function orderFilter(query: OrderListQuery): object {
  const { status, kind, number, source, from, to } = query;
  const placed = {
    ...(from !== undefined && { $gte: normalTime(from) }),
    ...(to !== undefined && { $lt: normalTime(to) }),
  };
  return {
    ...(status !== undefined && { status }),
    ...(kind !== undefined && { kind }),
    ...(number !== undefined && {
      number: { $in: [...new Set([normalOrderNumber(number), number, number.toUpperCase()])] },
    }),
    ...(source !== undefined && { source }),
    ...(Object.keys(placed).length > 0 && { placedAt: placed }),
  };
}

/**
 * Whose orders are asked for. E-mail addresses are stored sealed, so they are looked for by the people who have written
 * them; as they are only in orders from the time before.
 */
export async function peopleFilter(
  services: Services,
  orders: ReadModel<OrderDocument>,
  { email, customer }: OrderListQuery,
): Promise<object> {
  const conditions: object[] = [];
  if (customer !== undefined) {
    const people = await services.people.holding(customer);
    conditions.push({ customer: { $in: [customer, ...people.map((subject) => personText(subject, null))] } });
  }
  if (email !== undefined) {
    const people = await services.people.holding(email);
    const theirs = await orders.collection
      .find({ owner: { $in: people.map((subject) => personText(subject, NOBODY)) } })
      .project<Pick<OrderDocument, "_id" | "email">>({ email: 1 })
      .toArray();
    const wanted = email.toLowerCase();
    const ids = (await orders.opened(theirs)).filter((each) => each.email?.toLowerCase() === wanted);
    conditions.push({
      $or: [{ email: { $in: [...new Set([email, wanted])] } }, { _id: { $in: ids.map(({ _id }) => _id) } }],
    });
  }
  return conditions.length === 0 ? {} : { $and: conditions };
}

/** What comes after a place, newest first. */
export const ordersAfter = ([placedAt, id]: z.output<typeof place>): object => ({
  $or: [{ placedAt: { $lt: placedAt } }, { placedAt, _id: { $lt: id } }],
});

/** As the documents have it, so that text order is time order. */
const normalTime = (moment: string): string => new Date(moment).toISOString();
