import Big from "big.js";
import { type AcknowledgedOrder, type Article, type CartRecord, type Ledger } from "./ledger";
import { faultsOfStreams, type LogFacts } from "./log-facts";

/**
 * What the log must say about everything that was acknowledged, once all is settled. Each fault is a sentence; none is
 * what is hoped for.
 */
export function faultsOfLog(log: LogFacts, ledger: Ledger, articles: readonly Article[]): string[] {
  return [
    ...faultsOfStreams(log),
    ...faultsOfCheckouts(log, ledger),
    ...ledger.orders.flatMap((cart) => [...faultsOfOrder(log, cart), ...faultsOfPayment(log, cart.order)]),
    ...articles.flatMap((article) => faultsOfStock(log, article)),
  ];
}

/** Every checkout gave one order, and no order came from nowhere. */
function faultsOfCheckouts(log: LogFacts, { carts, orders }: Ledger): string[] {
  const faults: string[] = [];
  const known = new Set(orders.map(({ order }) => order.id));
  for (const id of log.ids("order"))
    if (!known.has(id)) faults.push(`order ${id} is in the log, and no shopper knows it`);
  const numbers = new Map<string, string>();
  for (const { order } of orders) {
    const other = numbers.get(order.number);
    if (other !== undefined) faults.push(`orders ${other} and ${order.id} have the same number ${order.number}`);
    numbers.set(order.number, order.id);
  }
  for (const { id, order } of carts) {
    const checkouts = log.count(`cart-${id}`, "CartCheckedOut");
    if (checkouts !== (order ? 1 : 0)) faults.push(`cart ${id} was checked out ${checkouts} times`);
  }
  return faults;
}

/** How an order stands, by its stream. */
export function statusOf(log: LogFacts, orderId: string): AcknowledgedOrder["status"] | "unknown" {
  const types = new Set(log.of(`order-${orderId}`).map(({ type }) => type));
  if (types.has("OrderCancelled")) return "cancelled";
  if (types.has("OrderCompleted")) return "completed";
  if (types.has("OrderConfirmed")) return "confirmed";
  return types.has("OrderPlaced") ? "placed" : "unknown";
}

/** Which answers may still follow on one that was given. */
const LEADS_TO: Readonly<Record<AcknowledgedOrder["status"], readonly string[]>> = {
  placed: ["confirmed", "cancelled"],
  confirmed: ["confirmed"],
  cancelled: ["cancelled"],
  completed: ["completed"],
};

function faultsOfOrder(log: LogFacts, { lines, payment, order }: CartRecord & { order: AcknowledgedOrder }): string[] {
  const faults: string[] = [];
  const stream = `order-${order.id}`;
  const status = statusOf(log, order.id);
  if (!LEADS_TO[order.status].includes(status))
    faults.push(`order ${order.id} is ${status}, and its shopper was told ${order.status}`);
  for (const type of ["OrderPlaced", "OrderConfirmed", "OrderCancelled", "OrderCompleted"]) {
    const count = log.count(stream, type);
    if (count > 1) faults.push(`order ${order.id} has ${count} × ${type}`);
  }
  const [placed] = log.of(stream);
  if (placed?.type !== "OrderPlaced" || placed.data.number !== order.number)
    faults.push(`order ${order.id} is not placed as number ${order.number}`);
  const sold = (placed?.data.lines ?? []) as readonly { sku: string; quantity: number }[];
  const is = sold.map(({ sku, quantity }) => `${sku}×${quantity}`).join(" ");
  const due = lines.map(({ sku, quantity }) => `${sku}×${quantity}`).join(" ");
  if (is !== due) faults.push(`order ${order.id} is of ${is}, and its cart held ${due}`);
  const cancelled = log.of(stream).find(({ type }) => type === "OrderCancelled");
  if (order.status === "cancelled" && cancelled && cancelled.data.reason !== order.reason)
    faults.push(
      `order ${order.id} is cancelled for ${cancelled.data.reason}, and not for ${order.reason ?? "nothing"}`,
    );
  if (payment !== "approve" && log.count(stream, "OrderConfirmed") > 0)
    faults.push(`order ${order.id} is confirmed without a payment (${payment})`);
  return faults;
}

/** Asked for once, held once while the order stands, taken once when it is completed, let go when it is cancelled. */
export function faultsOfPayment(log: LogFacts, { id }: Pick<AcknowledgedOrder, "id">): string[] {
  const placed = log.of(`order-${id}`).find(({ type }) => type === "OrderPlaced");
  const { paymentId, totals } = (placed?.data ?? {}) as { paymentId?: string; totals?: { grand: string } };
  const stream = `payment-${paymentId ?? ""}`;
  const count = (type: string): number => log.count(stream, type);
  const sum = (type: string): Big =>
    log
      .of(stream)
      .filter((fact) => fact.type === type)
      .reduce((total, { data }) => total.plus(data.amount), Big(0));
  const faults: string[] = [];
  const expect = (holds: boolean, what: string) => {
    if (!holds) faults.push(`payment ${paymentId} of order ${id}: ${what}; ${log.of(stream).map(({ type }) => type)}`);
  };
  const status = statusOf(log, id);
  expect(count("PaymentRequested") <= 1 && count("PaymentAuthorised") <= 1, "asked for or authorised more than once");
  switch (status) {
    case "confirmed":
      expect(count("PaymentAuthorised") === 1, "not authorised");
      expect(count("PaymentVoided") + count("PaymentCaptured") === 0, "not simply held");
      expect(sum("PaymentAuthorised").eq(totals?.grand ?? -1), "not of the order's total");
      break;
    case "completed":
      expect(count("PaymentAuthorised") === 1 && count("PaymentCaptured") === 1, "not captured once");
      expect(sum("PaymentCaptured").eq(totals?.grand ?? -1), "not captured in whole");
      expect(count("PaymentVoided") === 0, "voided");
      break;
    case "cancelled": {
      const held = count("PaymentAuthorised") > 0;
      const ended = count("PaymentVoided") > 0 || count("PaymentDeclined") > 0;
      expect(count("PaymentRequested") === 0 || ended, "neither let go nor declined");
      expect(!held || sum("PaymentVoided").eq(sum("PaymentAuthorised")), "not let go as held");
      expect(count("PaymentCaptured") === 0, "captured");
      break;
    }
    default:
      expect(false, `the order is ${status}`);
  }
  return faults;
}

/** Received = on hand + shipped; reserved = what confirmed orders hold; each order's reservation is there once. */
export function faultsOfStock(log: LogFacts, { sku, received }: Pick<Article, "sku" | "received">): string[] {
  const faults: string[] = [];
  const stream = `stock-main-${sku}`;
  const open = new Map<string, number>();
  const seen = new Set<string>();
  let shipped = 0;
  let taken = 0;
  for (const { type, data } of log.of(stream)) {
    switch (type) {
      case "StockReceived":
        taken += data.quantity as number;
        break;
      case "StockReserved":
        if (seen.has(data.reservationId)) faults.push(`${sku} is reserved twice for order ${data.reservationId}`);
        seen.add(data.reservationId);
        open.set(data.reservationId, data.quantity);
        break;
      case "StockShipped":
        shipped += data.quantity as number;
        if (!open.delete(data.reservationId)) faults.push(`${sku} is shipped twice for order ${data.reservationId}`);
        break;
      default:
        if (!open.delete(data.reservationId)) faults.push(`${sku} is released twice for order ${data.reservationId}`);
    }
  }
  if (taken !== received) faults.push(`${sku}: ${taken} received, and ${received} acknowledged`);
  const held = [...open.values()].reduce((sum, quantity) => sum + quantity, 0);
  if (held + shipped > received) faults.push(`${sku}: ${held} reserved and ${shipped} shipped of ${received}`);
  const { reserved, sent } = demandFor(log, sku);
  if (held !== reserved) faults.push(`${sku}: ${held} reserved, and confirmed orders have ${reserved}`);
  if (shipped !== sent) faults.push(`${sku}: ${shipped} shipped, and completed orders have ${sent}`);
  return faults;
}

function demandFor(log: LogFacts, sku: string): { reserved: number; sent: number } {
  let reserved = 0;
  let sent = 0;
  for (const id of log.ids("order")) {
    const status = statusOf(log, id);
    if (status !== "confirmed" && status !== "completed") continue;
    const lines = (log.of(`order-${id}`)[0]?.data.lines ?? []) as readonly { sku: string; quantity: number }[];
    const pieces = lines.filter((line) => line.sku === sku).reduce((sum, { quantity }) => sum + quantity, 0);
    if (status === "confirmed") reserved += pieces;
    else sent += pieces;
  }
  return { reserved, sent };
}
