import { z } from "zod";
import { DomainError, notFound, orderId } from "../../domains/kernel";
import { cancelReason, order, type OrderCommand, type OrderEvent, type OrderState } from "../../domains/ordering";
import { type Accepted } from "../../infra/runtime";
import { type OrderDocument } from "../../projections/ordering";
import { encodeCursor, ok, type Route, route } from "../http";
import { type Services } from "../services";
import { changing, commandOf, pageOf, reading, reasonOnly, tagged, written } from "./conventions";
import { eventSchema, eventView } from "./event-view";
import { historyOf } from "./order-history";
import { orderFilter, peopleFilter, orderListQuery, ordersAfter } from "./order-query";
import { orderSchema, orderSummary, orderSummarySchema, orderView } from "./order-view";

const params = z.object({ id: orderId });

const stateSchema = z
  .object({ id: z.uuid(), number: z.string(), status: z.string(), revision: z.int() })
  .meta({ id: "BackOfficeOrderState" });
const answers = { 200: { description: "The order as it is now", schema: stateSchema } };

const historySchema = z
  .object({
    id: z.uuid(),
    events: z.array(z.object({ stream: z.string(), ...eventSchema.shape })).describe("In the order of the log."),
  })
  .meta({ id: "OrderHistory" });

const cancellation = z.strictObject({
  reason: cancelReason,
  note: z.string().trim().min(1).max(500).optional(),
});

/** Orders: the shop's own and imported ones. */
export function orderRoutes(services: Services): readonly Route[] {
  const orders = services.models.get<OrderDocument>("ordering", "orders");

  async function execute(command: OrderCommand, context: ReturnType<typeof commandOf>) {
    const outcome: Accepted<OrderEvent, OrderState> | DomainError = await services.execute(
      order,
      command.orderId,
      command,
      context,
    );
    if (outcome instanceof DomainError) return outcome;
    const { state, revision } = outcome;
    if (state.status === "absent" || state.status === "imported") return noOrder(command.orderId);
    return ok({ id: state.orderId, number: state.number, status: state.status, revision }, written(outcome));
  }

  return [
    route({
      ...reading("readOrders"),
      method: "GET",
      path: "/admin/v1/orders",
      operationId: "adminListOrders",
      summary: "Orders, newest first",
      query: orderListQuery,
      responses: { 200: { description: "A page of orders", schema: pageOf(orderSummarySchema) } },
      async handler({ query, consistencyToken }) {
        await services.level(orders, consistencyToken);
        const { limit, cursor: from } = query;
        const filter = { ...orderFilter(query), ...(await peopleFilter(services, orders, query)) };
        const page = from ? { $and: [filter, ordersAfter(from)] } : filter;
        const [found, total] = await Promise.all([
          orders.collection
            .find(page as never, { projection: { lines: 0 } })
            .sort({ placedAt: -1, _id: -1 })
            .limit(limit + 1)
            .toArray(),
          orders.collection.countDocuments(filter as never),
        ]);
        const items = found.slice(0, limit);
        const last = items.at(-1);
        const nextCursor = found.length > limit && last ? encodeCursor([last.placedAt, last._id]) : null;
        const shown = await orders.opened(items);
        return ok({ items: shown.map((each) => orderSummary(each as OrderDocument)), nextCursor, total });
      },
    }),
    route({
      ...reading("readOrders"),
      method: "GET",
      path: "/admin/v1/orders/:id",
      operationId: "adminGetOrder",
      summary: "An order with its lines and payment",
      params,
      responses: { 200: { description: "The order; its ETag is for If-Match", schema: orderSchema } },
      refusals: { "order-not-found": 404 },
      async handler({ params: { id }, consistencyToken }) {
        await services.level(orders, consistencyToken, `order-${id}`);
        const found = await orders.get(id);
        if (!found) return noOrder(id);
        return ok(await orderView(found, services.log), tagged(found.revision));
      },
    }),
    route({
      ...reading("readOrders"),
      method: "GET",
      path: "/admin/v1/orders/:id/history",
      operationId: "adminGetOrderHistory",
      summary: "All that happened to an order, its checkout and its payment: what, who, when, why",
      params,
      responses: { 200: { description: "The events", schema: historySchema } },
      refusals: { "order-not-found": 404 },
      async handler({ params: { id } }) {
        const events = await historyOf(services.log, id);
        if (events.length === 0) return noOrder(id);
        return ok({ id, events: events.map((event) => ({ stream: event.stream, ...eventView(event) })) });
      },
    }),
    route({
      ...changing("writeOrders"),
      method: "POST",
      path: "/admin/v1/orders/:id/cancel",
      operationId: "cancelOrder",
      summary: "Cancel an order",
      description: "Its stock is released and its payment let go or given back.",
      params,
      body: cancellation,
      responses: answers,
      refusals: { "order-not-found": 404, "order-imported": 409, "order-completed": 409 },
      handler: (context) =>
        execute(
          { type: "CancelOrder", at: services.now(), orderId: context.params.id, ...context.body },
          commandOf(context, context.body.note ?? context.body.reason),
        ),
    }),
    route({
      ...changing("completeOrders"),
      method: "POST",
      path: "/admin/v1/orders/:id/complete",
      operationId: "completeOrder",
      summary: "Say that the goods have left the house",
      description: "Its stock is shipped, and what is authorised of its payment captured.",
      params,
      body: reasonOnly,
      responses: answers,
      refusals: { "order-not-found": 404, "order-imported": 409, "order-not-confirmed": 409, "order-cancelled": 409 },
      handler: (context) =>
        execute(
          { type: "CompleteOrder", at: services.now(), orderId: context.params.id },
          commandOf(context, context.body?.reason),
        ),
    }),
  ];
}

const noOrder = (id: string): DomainError => notFound("order-not-found", `There is no order ${id}.`, { orderId: id });
