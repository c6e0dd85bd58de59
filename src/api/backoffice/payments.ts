import { z } from "zod";
import {
  conflict,
  DomainError,
  notFound,
  orderId,
  type PaymentId,
  positiveDecimal,
  type Recorded,
} from "../../domains/kernel";
import { type OrderingEvent } from "../../domains/ordering";
import { payment, type PaymentCommand, paymentReason, type PaymentState } from "../../domains/payment";
import { deriveId } from "../../infra/runtime";
import { ok, type Route, route } from "../http";
import { type Services } from "../services";
import { changing, changeReason, commandOf, reading, written } from "./conventions";

const params = z.object({ id: orderId });

const paymentSchema = z
  .object({
    id: z.string(),
    orderId: z.string(),
    status: z.enum(["requested", "authorised", "declined", "captured", "voided", "refunded"]),
    currency: z.string(),
    amount: z.string().describe("What was asked for."),
    authorised: z.string(),
    captured: z.string(),
    refunded: z.string(),
    providerReference: z.string().nullable(),
    reason: z.string().nullable().describe("Why it was declined or voided."),
    revision: z.int(),
  })
  .meta({ id: "Payment" });
const answers = { 200: { description: "The payment as it is now; its ETag is for If-Match", schema: paymentSchema } };

const noPayment = { "order-not-found": 404, "order-without-payment": 409, "payment-not-found": 404 } as const;
const ifMatch = "If-Match takes the ETag of the order's payment.";

/** The money of an order. */
export function paymentRoutes(services: Services): readonly Route[] {
  /** The id of the order's payment, as the order's first event says it. */
  async function paymentOf(id: string): Promise<PaymentId | DomainError> {
    let first: Recorded | undefined;
    for await (const event of services.log.readStream(`order-${id}`, 0, 1)) first = event;
    if (!first) return notFound("order-not-found", `There is no order ${id}.`, { orderId: id });
    const placed = first as unknown as Recorded<OrderingEvent>;
    if (placed.type === "OrderPlaced") return placed.data.paymentId;
    return conflict("order-without-payment", "The order was paid elsewhere; there is no payment of it here.");
  }

  async function execute(command: PaymentCommand, context: ReturnType<typeof commandOf>) {
    const outcome = await services.execute(payment, command.paymentId, command, context);
    if (outcome instanceof DomainError) return outcome;
    return shown(command.paymentId, outcome.state, outcome.revision, written(outcome));
  }

  return [
    route({
      ...reading("readOrders"),
      method: "GET",
      path: "/admin/v1/orders/:id/payment",
      operationId: "adminGetPayment",
      summary: "The payment of an order",
      params,
      responses: answers,
      refusals: noPayment,
      async handler({ params: { id } }) {
        const paymentId = await paymentOf(id);
        if (paymentId instanceof DomainError) return paymentId;
        const { state, revision } = await services.commands.load(payment, paymentId);
        return shown(paymentId, state, revision, { etag: revision });
      },
    }),
    route({
      ...changing("movePayments"),
      method: "POST",
      path: "/admin/v1/orders/:id/capture",
      operationId: "capturePayment",
      summary: "Take what is authorised, or a part of it",
      description: ifMatch,
      params,
      body: z
        .strictObject({
          amount: positiveDecimal.describe("All that is left when absent.").optional(),
          reason: changeReason.optional(),
        })
        .optional(),
      responses: answers,
      refusals: {
        ...noPayment,
        "payment-not-authorised": 409,
        "nothing-to-capture": 409,
        "exceeds-authorisation": 409,
        "amount-not-payable": 422,
      },
      async handler(context) {
        const { body } = context;
        const paymentId = await paymentOf(context.params.id);
        if (paymentId instanceof DomainError) return paymentId;
        const command = { type: "CapturePayment", at: services.now(), paymentId, amount: body?.amount } as const;
        return execute(command, commandOf(context, body?.reason));
      },
    }),
    route({
      ...changing("movePayments"),
      method: "POST",
      path: "/admin/v1/orders/:id/refund",
      operationId: "refundPayment",
      summary: "Give back what was captured, or a part of it",
      description: ifMatch,
      params,
      body: z.strictObject({
        amount: positiveDecimal.describe("All that is left when absent.").optional(),
        reason: paymentReason,
      }),
      responses: answers,
      refusals: { ...noPayment, "nothing-to-refund": 409, "exceeds-capture": 409, "amount-not-payable": 422 },
      async handler(context) {
        const { body } = context;
        const paymentId = await paymentOf(context.params.id);
        if (paymentId instanceof DomainError) return paymentId;
        const around = commandOf(context, body.reason);
        const refundId = deriveId("refund", around.commandId);
        return execute({ type: "RefundPayment", at: services.now(), paymentId, refundId, ...body }, around);
      },
    }),
  ];
}

function shown(id: PaymentId, state: PaymentState, revision: number, extras: ReturnType<typeof written>) {
  if (state.status === "absent") return notFound("payment-not-found", "The payment has not been asked for yet.");
  const { orderId, status, currency, amount, authorised, captured, refunded, providerReference, reason } = state;
  return ok(
    { id, orderId, status, currency, amount, authorised, captured, refunded, providerReference, reason, revision },
    extras,
  );
}
