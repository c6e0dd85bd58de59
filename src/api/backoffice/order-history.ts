import { type Recorded } from "../../domains/kernel";
import { type EventLog } from "../../infra/eventstore";

/**
 * All that happened to an order, by its place in the log: to the order itself, to the checkout that made it and to its
 * payment. None when there is no such order.
 */
export async function historyOf(log: EventLog, orderId: string): Promise<readonly Recorded[]> {
  const [order, checkout] = await Promise.all([
    gathered(log, `order-${orderId}`),
    gathered(log, `checkout-${orderId}`),
  ]);
  const paymentId = [...order, ...checkout].map(paymentIdOf).find((id) => id !== undefined);
  const payment = paymentId === undefined ? [] : await gathered(log, `payment-${paymentId}`);
  return [...order, ...checkout, ...payment].sort((a, b) =>
    a.position === b.position ? a.revision - b.revision : a.position < b.position ? -1 : 1,
  );
}

async function gathered(log: EventLog, stream: string): Promise<Recorded[]> {
  const events: Recorded[] = [];
  for await (const event of log.readStream(stream)) events.push(event);
  return events;
}

function paymentIdOf({ data }: Recorded): string | undefined {
  const id = (data as { readonly paymentId?: unknown }).paymentId;
  return typeof id === "string" ? id : undefined;
}
