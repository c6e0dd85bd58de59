import { type Intent } from "../kernel";
import { type CheckoutState, type Fulfilling, type Part, type Running, type Undoing } from "./checkout-state";

/** Where the shop's orders are reserved: the default location of the inventory. */
const LOCATION = "main";

/** The commands that a checkout sends. */
export type Step =
  | "PlaceOrder"
  | "ReserveStock"
  | "RequestPayment"
  | "GiveUpPayment"
  | "ConfirmOrder"
  | "CancelOrder"
  | "ReleaseReservation"
  | "ReversePayment"
  | "ShipStock"
  | "CapturePayment";

interface Command extends Record<string, unknown> {
  readonly type: Step;
}

/** Every command that has not been answered yet. */
export function checkoutWants(state: CheckoutState): readonly Intent[] {
  switch (state.status) {
    case "absent":
    case "confirmed":
    case "completed":
      return [];
    case "running":
      return wantsRunning(state);
    case "undoing":
      return wantsUndoing(state);
    case "cancelled":
      return state.reversal === "again" ? [reverse(state)] : [];
    case "fulfilling":
      return wantsFulfilling(state);
  }
}

/** How a checkout places its order. */
export const placement = (order: NonNullable<Running["toPlace"]>): Intent => ({
  ...toOrder(order.orderId, "place", { type: "PlaceOrder", ...order }),
  creates: true,
});

/** Place, reserve every line, ask for the money, confirm: each when all before it is done. */
function wantsRunning(state: Running): readonly Intent[] {
  const { orderId, paymentId, toPlace, toReserve, charge, payment } = state;
  if (toPlace !== null) return [placement(toPlace)];
  if (toReserve.length > 0) return toReserve.map((part) => reserve(orderId, part));
  switch (payment) {
    case "unasked": {
      const { amount, currency, payment: means } = charge;
      const command: Command = { type: "RequestPayment", paymentId, orderId, amount, currency, ...means };
      return [{ ...toPayment(paymentId, "request-payment", command), creates: true }];
    }
    case "asked":
      return [];
    case "overdue":
      return [toPayment(paymentId, "give-up", { type: "GiveUpPayment", paymentId, reason: "payment-timeout" })];
    case "authorised":
      return [toOrder(orderId, "confirm", { type: "ConfirmOrder", orderId })];
  }
}

/**
 * The order is cancelled before anything is released: should a crash make the checkout begin again in between, a
 * cancelled order cannot be confirmed over stock that has been given up.
 */
function wantsUndoing(state: Undoing): readonly Intent[] {
  const { orderId, reason, note, orderCancelled, toRelease, reversal } = state;
  if (!orderCancelled) return [toOrder(orderId, "cancel", { type: "CancelOrder", orderId, reason, note })];
  const releases = toRelease.map(({ sku }) =>
    toStock(sku, "release", { type: "ReleaseReservation", reservationId: orderId, reason }),
  );
  return reversal === "open" || reversal === "again" ? [...releases, reverse(state)] : releases;
}

function wantsFulfilling({ orderId, paymentId, toShip, captured }: Fulfilling): readonly Intent[] {
  const shipments = toShip.map(({ sku }) => toStock(sku, "ship", { type: "ShipStock", reservationId: orderId }));
  if (captured) return shipments;
  return [...shipments, toPayment(paymentId, "capture", { type: "CapturePayment", paymentId })];
}

/** Without expiry: the checkout itself sees to it that the reservation ends. */
function reserve(orderId: string, { sku, quantity }: Part): Intent {
  return toStock(sku, "reserve", { type: "ReserveStock", reservationId: orderId, quantity, expiresAt: null, orderId });
}

function reverse({ paymentId, reason, reversal }: Pick<Undoing, "paymentId" | "reason" | "reversal">): Intent {
  const key = reversal === "again" ? "reverse-again" : "reverse";
  return toPayment(paymentId, key, { type: "ReversePayment", paymentId, reason });
}

const toOrder = (id: string, key: string, command: Command): Intent => ({ key, category: "order", id, command });

const toPayment = (id: string, key: string, command: Command): Intent => ({ key, category: "payment", id, command });

const toStock = (sku: string, key: string, command: Command): Intent => ({
  key: `${key}:${sku}`,
  category: "stock",
  id: `${LOCATION}-${sku}`,
  command: { ...command, location: LOCATION, sku },
});
