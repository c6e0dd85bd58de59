import Big from "big.js";
import { statusOf } from "./log-audit";
import { type LogFacts } from "./log-facts";

const ENDED: readonly string[] = ["confirmed", "completed", "cancelled"];

/** Orders that have not come to their end yet: to be confirmed, or shipped and paid, or cancelled and all undone. */
export function unsettled(log: LogFacts): readonly string[] {
  return log.ids("order").filter((id) => {
    const status = statusOf(log, id);
    if (!ENDED.includes(status)) return true;
    return faultsOfMoney(log, id).length > 0 || faultsOfReservations(log, id).length > 0;
  });
}

/** Where money, stock and order state do not agree, a sentence each. */
export function disagreements(log: LogFacts): string[] {
  return log.ids("order").flatMap((id) => {
    const status = statusOf(log, id);
    const faults = [...faultsOfMoney(log, id), ...faultsOfReservations(log, id)];
    for (const type of ["OrderPlaced", "OrderConfirmed", "OrderCompleted", "OrderCancelled"]) {
      const times = log.count(`order-${id}`, type);
      if (times > 1) faults.push(`order ${id} has ${times} × ${type}`);
    }
    return ENDED.includes(status) ? faults : [`order ${id} is still ${status}`, ...faults];
  });
}

/** A standing order holds its total once, a completed one has taken it, a cancelled one has given everything back. */
function faultsOfMoney(log: LogFacts, id: string): string[] {
  const placed = log.of(`order-${id}`)[0]?.data;
  const payment = `payment-${placed?.paymentId}`;
  const total = Big(placed?.totals.grand ?? -1);
  const moves = log.of(payment);
  const sum = (type: string): Big =>
    moves.filter((fact) => fact.type === type).reduce((all, { data }) => all.plus(data.amount), Big(0));
  const [authorised, captured, refunded] = [sum("PaymentAuthorised"), sum("PaymentCaptured"), sum("PaymentRefunded")];
  const voided = moves
    .filter(({ type, data }) => type === "PaymentVoided" && data.providerReference !== null)
    .reduce((all, { data }) => all.plus(data.amount), Big(0));
  const faults: string[] = [];
  const expect = (holds: boolean, what: string) => {
    if (!holds) faults.push(`${payment} of order ${id} (${statusOf(log, id)}) ${what}: ${moves.map(({ type, data }) => `${type} ${data.amount ?? ""}`).join(", ")}`); // prettier-ignore
  };
  expect(log.count(payment, "PaymentRequested") <= 1, "was asked for more than once");
  expect(log.count(payment, "PaymentAuthorised") <= 1, "was authorised more than once");
  expect(captured.lte(authorised) && refunded.lte(captured), "has given more than it had");
  switch (statusOf(log, id)) {
    case "confirmed":
      expect(authorised.eq(total), "is not authorised for the order's total");
      expect(voided.eq(0), "is let go");
      break;
    case "completed":
      expect(authorised.eq(total) && captured.eq(total), "is not taken in whole");
      break;
    case "cancelled":
      expect(refunded.eq(captured), "has kept something");
      expect(captured.gt(0) || voided.eq(authorised), "is still held");
      break;
    default:
      break;
  }
  return faults;
}

interface Part {
  readonly sku: string;
  readonly quantity: number;
}

/** What stands reserved for an order, and what has left the house for it. */
function faultsOfReservations(log: LogFacts, id: string): string[] {
  const lines = (log.of(`order-${id}`)[0]?.data.lines ?? []) as readonly Part[];
  const status = statusOf(log, id);
  return [...new Set(lines.map(({ sku }) => sku))].flatMap((sku) => {
    const ordered = lines.filter((line) => line.sku === sku).reduce((all, { quantity }) => all + quantity, 0);
    const { reserved, shipped } = movesFor(log, sku, id);
    const due = { reserved: status === "confirmed" ? ordered : 0, shipped: status === "completed" ? ordered : 0 };
    return reserved === due.reserved && shipped === due.shipped
      ? []
      : [`order ${id} (${status}) of ${ordered} × ${sku} has ${reserved} reserved and ${shipped} shipped`];
  });
}

function movesFor(log: LogFacts, sku: string, reservation: string) {
  let reserved = 0;
  let shipped = 0;
  for (const { type, data } of log.of(`stock-main-${sku}`)) {
    if (data.reservationId !== reservation) continue;
    if (type === "StockReserved") reserved += data.quantity as number;
    else reserved -= data.quantity as number;
    if (type === "StockShipped") shipped += data.quantity as number;
  }
  return { reserved, shipped };
}

/** The stock of a SKU as its stream has it. */
export function stockOf(log: LogFacts, sku: string): { onHand: number; reserved: number; available: number } {
  let onHand = 0;
  let reserved = 0;
  for (const { type, data } of log.of(`stock-main-${sku}`)) {
    if (type === "StockReceived") onHand += data.quantity as number;
    else if (type === "StockAdjusted") onHand += data.delta as number;
    else if (type === "StockReserved") reserved += data.quantity as number;
    else if (data.reservationId !== undefined) reserved -= data.quantity as number;
    if (type === "StockShipped") onHand -= data.quantity as number;
  }
  return { onHand, reserved, available: onHand - reserved };
}
