import { z } from "zod";
import { NOBODY } from "../../domains/kernel";
import { type OrderDocument } from "../../projections/ordering";
import { ok, type Route, route } from "../http";
import { type Services } from "../services";
import { noOrder, orderSchema, shownOrder } from "./order-view";

/** Newest first; a shopper has some, not thousands. */
const MOST_ORDERS = 100;

/** A shopper's own orders. */
export function orderRoutes(services: Services): readonly Route[] {
  const orders = services.models.get<OrderDocument>("ordering", "orders");
  return [
    route({
      method: "GET",
      path: "/store/v1/orders/:orderId",
      operationId: "getOrder",
      summary: "An order of the shopper's own",
      tags: ["Orders"],
      security: "shopper",
      responses: { 200: { description: "The order", schema: orderSchema } },
      refusals: { "order-not-found": 404 },
      async handler({ params: { orderId }, shopper, consistencyToken }) {
        await services.level(orders, consistencyToken, `order-${orderId}`);
        const document = await orders.get(orderId);
        const view = document?.owner === shopper.id ? shownOrder(document) : undefined;
        if (!document || !view) return noOrder(orderId);
        return ok(view, { token: orders.position });
      },
    }),
    route({
      method: "GET",
      path: "/store/v1/orders",
      operationId: "listOrders",
      summary: "The shopper's orders, newest first",
      tags: ["Orders"],
      security: "shopper",
      responses: {
        200: { description: `The newest ${MOST_ORDERS}`, schema: z.object({ items: z.array(orderSchema) }) },
      },
      async handler({ shopper, consistencyToken }) {
        await services.level(orders, consistencyToken);
        const owner = await services.isPerson(shopper.id, shopper.id, NOBODY);
        const found = await orders.collection.find({ owner }).sort({ placedAt: -1 }).limit(MOST_ORDERS).toArray();
        return ok({ items: (await orders.opened(found)).flatMap((document) => shownOrder(document) ?? []) });
      },
    }),
  ];
}
