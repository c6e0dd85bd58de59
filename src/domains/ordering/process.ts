import { type CartEvent } from "../cart/events";
import { type Answer, type Intent, isBefore, millis, type ProcessManager, type Sku, type Timestamp } from "../kernel";
import { type PaymentEvent } from "../payment/events";
import { type CheckoutEvent } from "./checkout-events";
import { type CheckoutState, evolveCheckout, type Running } from "./checkout-state";
import { checkoutWants, type Step } from "./checkout-wants";
import { type OrderEvent } from "./events";

export type CheckoutHeard =
  | Extract<CartEvent, { type: "CartCheckedOut" }>
  | Extract<PaymentEvent, { type: "PaymentAuthorised" | "PaymentDeclined" }>
  | Extract<OrderEvent, { type: "OrderCancelled" | "OrderCompleted" }>;

export interface CheckoutOptions {
  /** How long a payment may stay unanswered, in milliseconds. */
  readonly paymentTimeout?: number;
}

/** A minute: longer than any card network takes, shorter than a shopper waits. */
const PAYMENT_TIMEOUT = 60_000;

/**
 * Checkout: place the order → reserve every line → ask for the money → confirm. A refusal, a decline, silence or a
 * cancellation undoes it all: cancel the order, release the stock, reverse the payment. A completed order is shipped
 * and its payment captured. The order, the stock and the payment each have the last word on themselves: the process
 * only asks, and goes by their answers, so that it ends the same way wherever it is interrupted and begins again.
 */
export function checkoutProcess({ paymentTimeout = PAYMENT_TIMEOUT }: CheckoutOptions = {}): ProcessManager<
  CheckoutState,
  CheckoutEvent,
  CheckoutHeard
> {
  return {
    name: "checkout",
    category: "checkout",
    context: "ordering",
    events: ["CartCheckedOut", "PaymentAuthorised", "PaymentDeclined", "OrderCancelled", "OrderCompleted"],
    starts: ["CartCheckedOut"],
    initialState: { status: "absent" },
    processId: ({ data }) => data.orderId,
    react: (event, state) => react(event, state),
    evolve: evolveCheckout,
    wants: checkoutWants,
    answered(intent, answer, at, state) {
      if (state.status === "running") return answeredRunning(intent, answer, at, state, paymentTimeout);
      if (state.status === "undoing" || state.status === "cancelled") return answeredUndoing(intent, answer);
      return state.status === "fulfilling" ? answeredFulfilling(intent, answer) : [];
    },
    deadline(state) {
      const waiting = state.status === "running" && state.payment === "asked" && state.until !== null;
      return waiting ? { name: "payment", at: state.until } : undefined;
    },
    expired(_, at, state) {
      const over = state.status === "running" && state.until !== null && !isBefore(at, state.until);
      return over ? [{ type: "CheckoutPaymentOverdue", data: {} }] : [];
    },
  };
}

function react(event: CheckoutHeard, state: CheckoutState): readonly CheckoutEvent[] {
  switch (event.type) {
    case "CartCheckedOut":
      return state.status === "absent" ? [{ type: "CheckoutStarted", data: event.data }] : [];
    case "PaymentAuthorised":
      return authorised(state);
    case "PaymentDeclined":
      return state.status === "running" ? [failed("payment-declined", { note: event.data.reason })] : [];
    case "OrderCancelled": {
      const { reason, note } = event.data;
      return isOpen(state) ? [failed(reason, { ...(note !== undefined && { note }), orderCancelled: true })] : [];
    }
    case "OrderCompleted":
      return isOpen(state) ? [{ type: "CheckoutFulfilmentStarted", data: {} }] : [];
  }
}

const isOpen = (state: CheckoutState): boolean => state.status === "running" || state.status === "confirmed";

/** A yes after the reversal: the payment was asked for by a run of the process that was cut off. */
function authorised(state: CheckoutState): readonly CheckoutEvent[] {
  switch (state.status) {
    case "running":
      return state.payment === "authorised" ? [] : [{ type: "CheckoutPaymentAuthorised", data: {} }];
    case "undoing":
    case "cancelled":
      return state.reversal === "done" ? [{ type: "CheckoutPaymentCameLate", data: {} }] : [];
    case "absent":
    case "confirmed":
    case "fulfilling":
    case "completed":
      return [];
  }
}

function answeredRunning(
  { command }: Intent,
  answer: Answer,
  at: string,
  { payment }: Running,
  paymentTimeout: number,
): readonly CheckoutEvent[] {
  const step = command.type as Step;
  if (step === "GiveUpPayment") {
    return answer.accepted ? [failed("payment-timeout")] : [{ type: "CheckoutPaymentAuthorised", data: {} }];
  }
  if (!answer.accepted) {
    const { code, message } = answer.error;
    return [failed(code, { note: message, ...(step === "ReserveStock" && { refusedSku: command["sku"] as Sku }) })];
  }
  switch (step) {
    case "PlaceOrder":
      return [{ type: "CheckoutOrderPlaced", data: {} }];
    case "ReserveStock":
      return [{ type: "CheckoutLineReserved", data: { sku: command["sku"] as Sku } }];
    case "RequestPayment": {
      const until = new Date(millis(at) + paymentTimeout).toISOString() as Timestamp;
      return payment === "unasked" ? [{ type: "CheckoutPaymentRequested", data: { until } }] : [];
    }
    case "ConfirmOrder":
      return [{ type: "CheckoutOrderConfirmed", data: {} }];
    default:
      return [];
  }
}

/** Releasing and reversing are never refused. An order that is completed cannot be undone, and is fulfilled. */
function answeredUndoing({ command }: Intent, answer: Answer): readonly CheckoutEvent[] {
  switch (command.type as Step) {
    case "CancelOrder": {
      const completed = !answer.accepted && answer.error.code === "order-completed";
      return [{ type: completed ? "CheckoutFulfilmentStarted" : "CheckoutOrderCancelled", data: {} }];
    }
    case "ReleaseReservation":
      return [{ type: "CheckoutLineReleased", data: { sku: command["sku"] as Sku } }];
    case "ReversePayment":
      return [{ type: "CheckoutPaymentReversed", data: {} }];
    default:
      return [];
  }
}

/** There is nothing left to ship or to capture: somebody has done it by hand, or has closed it. */
const NOTHING_LEFT: readonly string[] = ["reservation-not-found", "nothing-to-capture"];

/**
 * What is refused for another reason stays wanted: goods that have left the house and money that was promised are not
 * given up by themselves. The process stands still with the refusal as its cause, until an operator has it tried again,
 * as when stock has been received, or ends it.
 */
function answeredFulfilling({ command }: Intent, answer: Answer): readonly CheckoutEvent[] {
  const code = answer.accepted ? undefined : answer.error.code;
  if (code !== undefined && !NOTHING_LEFT.includes(code)) return [];
  const refused = code === undefined ? {} : { refused: code };
  switch (command.type as Step) {
    case "ShipStock":
      return [{ type: "CheckoutLineShipped", data: { sku: command["sku"] as Sku, ...refused } }];
    case "CapturePayment":
      return [{ type: "CheckoutPaymentCaptured", data: refused }];
    default:
      return [];
  }
}

const LONGEST = 500;

function failed(
  reason: string,
  { note, ...more }: { note?: string; refusedSku?: Sku; orderCancelled?: boolean } = {},
): CheckoutEvent {
  const notes = note === undefined ? {} : { note: note.slice(0, LONGEST) };
  return {
    type: "CheckoutFailed",
    data: { orderCancelled: false, ...more, reason: reason.slice(0, LONGEST), ...notes },
  };
}
