import { z } from "zod";
import { cart as cartAggregate, noCart, paymentMeans, QUOTES_INCOMPLETE } from "../../domains/cart";
import { type CartId, DomainError, type OrderId, type PaymentId, type ShopperId } from "../../domains/kernel";
import { order as orderAggregate, type OrderCommand, placement } from "../../domains/ordering";
import { type EventLog } from "../../infra/eventstore";
import { type PaymentProviders } from "../../infra/payments";
import { deriveId, processCommandId } from "../../infra/runtime";
import { created, missing, type Route, route } from "../http";
import { type Services } from "../services";
import { CartFacts, unknownField } from "./cart-facts";
import { orderSchema, placedOrder, shownOrder } from "./order-view";
import { isSettled, type SettledOrders } from "./settled-orders";

/** From cart to order. */
export function checkoutRoutes(
  services: Services,
  providers: PaymentProviders,
  settled: SettledOrders,
): readonly Route[] {
  const facts = new CartFacts(services);

  /** Why the shop cannot be paid like that. */
  function objectionTo({ method, token }: z.output<typeof paymentMeans>): DomainError | undefined {
    const provider = providers.get(method);
    if (!provider) {
      const known = providers.names.join(", ");
      return unknownField("payment.method", method, `must be one of: ${known}`, "unknown-payment-method");
    }
    return provider.knows(token)
      ? undefined
      : unknownField("payment.token", token, `is not a token of ${method}`, "unknown-payment-token");
  }

  return [
    route({
      method: "POST",
      path: "/store/v1/carts/:cartId/checkout",
      operationId: "checkOut",
      summary: "Turn the cart into an order",
      description:
        "Answers the order as placed; with `Prefer: wait` once it is confirmed or cancelled. The order is cancelled " +
        "when an article is sold out or the payment is declined: see `status` and `reason`.",
      tags: ["Carts", "Orders"],
      security: "shopper",
      heeds: ["Idempotency-Key", "If-Match", "Prefer"],
      body: z.strictObject({
        payment: paymentMeans,
        acceptChangedPrices: z.boolean().optional().describe("Go on although prices have changed since."),
      }),
      responses: { 201: { description: "The order", schema: orderSchema } },
      refusals: {
        "cart-not-found": 404,
        "cart-closed": 409,
        "cart-incomplete": 409,
        "price-changed": 409,
        "not-for-sale": 409,
        "no-price": 409,
        "quotes-incomplete": 409,
        "unknown-payment-method": 422,
        "unknown-payment-token": 422,
        "stale-revision": 412,
        contention: 409,
        "idempotency-key-reused": 422,
      },
      async handler({ params, body, shopper, command, wait, consistencyToken }) {
        await facts.level(consistencyToken);
        const cartId = params.cartId as CartId;
        const orderId = deriveId("order", cartId) as OrderId;
        const paymentId = deriveId("payment", cartId) as PaymentId;
        const { payment, acceptChangedPrices = false } = body;
        const context = command();
        const attempt = (kept: boolean) => {
          const build = async () => {
            const peeked = kept ? services.commands.peek(cartAggregate, cartId) : undefined;
            const state = peeked ?? (await services.commands.load(cartAggregate, cartId)).state;
            if (state.status === "absent") return noCart(cartId);
            const objection = objectionTo(payment);
            if (objection !== undefined) return objection;
            const at = services.now();
            const quotes = await facts.quotesFor(state, at);
            const by = shopper.id as ShopperId;
            const checkOut = { type: "CheckOut", at, cartId, by, orderId, paymentId, payment, quotes } as const;
            return { ...checkOut, acceptChangedPrices };
          };
          return services.executeBuilt(cartAggregate, cartId, build, context);
        };
        let outcome = await attempt(true);
        // The cart was changed through another process since this one last saw it.
        if (outcome instanceof DomainError && outcome.code === QUOTES_INCOMPLETE) outcome = await attempt(false);
        if (outcome instanceof DomainError) return outcome;
        const checkedOut = outcome.events.find((event) => event.type === "CartCheckedOut");
        if (checkedOut?.type !== "CartCheckedOut") return missing("order");

        // The checkout's own first step, taken here under its own command id, so that the answer has an order number.
        const intent = placement(checkedOut.data);
        const at = services.now();
        const placing = { ...intent.command, at } as unknown as OrderCommand;
        const { correlationId, traceparent } = context;
        const causationId = outcome.eventIds[outcome.events.indexOf(checkedOut)] ?? context.commandId;
        const placed = await services.execute(orderAggregate, orderId, placing, {
          commandId: processCommandId("checkout", orderId, intent),
          correlationId,
          causationId,
          actor: context.actor,
          occurredAt: at,
          assumeNew: !outcome.repeated,
          ...(traceparent !== undefined && { traceparent }),
        });
        if (placed instanceof DomainError) return placed;
        const { state, repeated } = placed;
        if (state.status === "absent" || state.status === "imported") return missing("order");
        const location = `/store/v1/orders/${orderId}`;
        const asPlaced = async () =>
          placedOrder(state, payment.method, repeated ? ((await placedAt(services.log, orderId)) ?? at) : at);
        if (wait === undefined) return created(location, await asPlaced(), { token: placed.position });
        const { document, position } = await settled.until({ orderId, paymentId }, wait * 1000);
        const view = document ? shownOrder(document) : await asPlaced();
        if (!view) return missing("order");
        const token = position > placed.position ? position : placed.position;
        return created(location, view, { token, waited: isSettled(document) });
      },
    }),
  ];
}

/** When an order was placed before. */
async function placedAt(log: EventLog, orderId: OrderId): Promise<string | undefined> {
  let at: string | undefined;
  for await (const { metadata } of log.readStream(`order-${orderId}`, 0, 1)) at = metadata.occurredAt;
  return at;
}
