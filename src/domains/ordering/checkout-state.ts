import { type CartEvent } from "../cart/events";
import { type OrderId, type PaymentId, type Sku, type Timestamp } from "../kernel";
import { type CheckoutEvent } from "./checkout-events";

/**
 * A checkout runs until the order is confirmed and rests there; a completed order is fulfilled. Whatever fails before
 * that, and a cancellation at any time, leads to undoing, which ends with everything released, reversed, cancelled.
 */
export type CheckoutState =
  { readonly status: "absent" } | Running | Confirmed | Fulfilling | Completed | Undoing | Cancelled;

type CheckedOut = Extract<CartEvent, { type: "CartCheckedOut" }>["data"];

interface Checkout {
  readonly orderId: OrderId;
  readonly paymentId: PaymentId;
  /** What is reserved, one part per SKU. */
  readonly parts: readonly Part[];
}

export interface Part {
  readonly sku: Sku;
  readonly quantity: number;
}

export interface Running extends Checkout {
  readonly status: "running";
  /** What the order is placed with; `null` once it is. */
  readonly toPlace: CheckedOut | null;
  readonly toReserve: readonly Part[];
  readonly charge: Pick<CheckedOut, "currency" | "payment"> & { readonly amount: string };
  readonly payment: "unasked" | "asked" | "overdue" | "authorised";
  /** Until when an answer of the provider is waited for. */
  readonly until: Timestamp | null;
}
export interface Confirmed extends Checkout {
  readonly status: "confirmed";
}
export interface Fulfilling extends Checkout {
  readonly status: "fulfilling";
  readonly toShip: readonly Part[];
  readonly captured: boolean;
}
export interface Completed {
  readonly status: "completed";
}
export interface Undoing extends Omit<Checkout, "parts"> {
  readonly status: "undoing";
  readonly reason: string;
  readonly note: string | undefined;
  readonly orderCancelled: boolean;
  readonly toRelease: readonly Part[];
  readonly reversal: Reversal;
}
export interface Cancelled extends Pick<Undoing, "orderId" | "paymentId" | "reason" | "reversal"> {
  readonly status: "cancelled";
}

/** `again`: the provider said yes after the payment had been reversed; `repeated`: that has been reversed as well. */
export type Reversal = "open" | "done" | "again" | "repeated";

export function evolveCheckout(state: CheckoutState, event: CheckoutEvent): CheckoutState {
  switch (event.type) {
    case "CheckoutStarted":
      return started(event.data);
    case "CheckoutOrderPlaced":
      return whileRunning(state, { toPlace: null });
    case "CheckoutLineReserved":
      return state.status === "running" ? { ...state, toReserve: without(state.toReserve, event.data.sku) } : state;
    case "CheckoutPaymentRequested":
      return whileRunning(state, { payment: "asked", until: event.data.until });
    case "CheckoutPaymentOverdue":
      return whileRunning(state, { payment: "overdue", until: null });
    case "CheckoutPaymentAuthorised":
      return whileRunning(state, { payment: "authorised", until: null });
    case "CheckoutOrderConfirmed":
      return state.status === "running" ? { status: "confirmed", ...named(state), parts: state.parts } : state;
    case "CheckoutFailed":
      return failed(state, event.data);
    case "CheckoutOrderCancelled":
      return whileUndoing(state, { orderCancelled: true });
    case "CheckoutLineReleased":
      return state.status === "undoing"
        ? undone({ ...state, toRelease: without(state.toRelease, event.data.sku) })
        : state;
    case "CheckoutPaymentReversed":
      return reversal(state, { open: "done", done: "done", again: "repeated", repeated: "repeated" });
    case "CheckoutPaymentCameLate":
      return reversal(state, { open: "open", done: "again", again: "again", repeated: "repeated" });
    case "CheckoutFulfilmentStarted":
      return fulfilling(state);
    case "CheckoutLineShipped":
      return state.status === "fulfilling"
        ? fulfilled({ ...state, toShip: without(state.toShip, event.data.sku) })
        : state;
    case "CheckoutPaymentCaptured":
      return state.status === "fulfilling" ? fulfilled({ ...state, captured: true }) : state;
  }
}

const named = ({ orderId, paymentId }: Pick<Checkout, "orderId" | "paymentId">) => ({ orderId, paymentId });

const without = (parts: readonly Part[], sku: Sku): readonly Part[] => parts.filter((part) => part.sku !== sku);

function started(sold: CheckedOut): Running {
  const { currency, payment, totals, lines } = sold;
  const quantities = new Map<Sku, number>();
  for (const { sku, quantity } of lines) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
  const parts = [...quantities].map(([sku, quantity]) => ({ sku, quantity }));
  const charge = { amount: totals.grand, currency, payment };
  return {
    status: "running",
    ...named(sold),
    parts,
    toPlace: sold,
    toReserve: parts,
    charge,
    payment: "unasked",
    until: null,
  };
}

const whileRunning = (state: CheckoutState, changes: Partial<Running>): CheckoutState =>
  state.status === "running" ? { ...state, ...changes } : state;

const whileUndoing = (state: CheckoutState, changes: Partial<Undoing>): CheckoutState =>
  state.status === "undoing" ? undone({ ...state, ...changes }) : state;

/** Everything that may have been reserved is released, whether or not the answer was heard. */
function failed(
  state: CheckoutState,
  { reason, note, refusedSku, orderCancelled }: Extract<CheckoutEvent, { type: "CheckoutFailed" }>["data"],
): CheckoutState {
  if (state.status !== "running" && state.status !== "confirmed") return state;
  const toRelease = refusedSku === undefined ? state.parts : without(state.parts, refusedSku);
  return { status: "undoing", ...named(state), reason, note, orderCancelled, toRelease, reversal: "open" };
}

function undone(state: Undoing): Undoing | Cancelled {
  const open = !state.orderCancelled || state.toRelease.length > 0 || !reversalRests(state.reversal);
  if (open) return state;
  const { reason, reversal: last } = state;
  return { status: "cancelled", ...named(state), reason, reversal: last };
}

const reversalRests = (reversal: Reversal): boolean => reversal === "done" || reversal === "repeated";

function reversal(state: CheckoutState, next: Readonly<Record<Reversal, Reversal>>): CheckoutState {
  if (state.status === "undoing") return undone({ ...state, reversal: next[state.reversal] });
  return state.status === "cancelled" ? { ...state, reversal: next[state.reversal] } : state;
}

function fulfilling(state: CheckoutState): CheckoutState {
  switch (state.status) {
    case "running":
    case "confirmed":
      return { status: "fulfilling", ...named(state), parts: state.parts, toShip: state.parts, captured: false };
    case "undoing": {
      const { toRelease: parts } = state;
      return { status: "fulfilling", ...named(state), parts, toShip: parts, captured: false };
    }
    default:
      return state;
  }
}

const fulfilled = (state: Fulfilling): Fulfilling | Completed =>
  state.toShip.length === 0 && state.captured ? { status: "completed" } : state;
