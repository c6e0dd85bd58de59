import { type Recorded } from "../../domains/kernel";
import { type EventLog } from "../../infra/eventstore";
import { type LogTail, type ReadModel } from "../../infra/runtime";
import { type OrderDocument, orders as ordersProjection, type OrdersEvent } from "../../projections/ordering";

const SETTLED = new Set<OrderDocument["status"]>(["confirmed", "cancelled", "completed"]);

export const isSettled = (document: OrderDocument | undefined): boolean =>
  document !== undefined && SETTLED.has(document.status);

/** An order as it is, and the log position from which on readers see no less. */
export interface SeenOrder {
  readonly document: OrderDocument | undefined;
  readonly position: bigint;
}

interface Placed {
  readonly orderId: string;
  readonly paymentId: string;
}

/** Waits until an order is confirmed or cancelled; answers what it is after `timeout` ms at the latest. */
export interface SettledOrders {
  until(order: Placed, timeout: number): Promise<SeenOrder>;
}

/** Where ordering's own read model can be read. */
export const settledInReadModel = (orders: ReadModel<OrderDocument>): SettledOrders => ({
  async until({ orderId }, timeout) {
    const document = await orders.until(orderId, isSettled, timeout);
    return { document, position: orders.position };
  },
});

/** Where ordering is another service: by the events of the order and its payment, folded as ordering folds them. */
export class SettledInLog implements SettledOrders {
  private readonly waiting = new Map<string, Set<() => void>>();
  private listening = false;

  constructor(
    private readonly log: EventLog,
    private readonly tail: LogTail,
  ) {}

  async until(order: Placed, timeout: number): Promise<SeenOrder> {
    const ended = this.next(`order-${order.orderId}`, timeout);
    try {
      const before = await this.seen(order);
      if (isSettled(before.document)) return before;
      await ended.promise;
      return await this.seen(order);
    } finally {
      ended.cancel();
    }
  }

  private async seen({ orderId, paymentId }: Placed): Promise<SeenOrder> {
    const events: Recorded<OrdersEvent>[] = [];
    for (const stream of [`order-${orderId}`, `payment-${paymentId}`])
      for await (const event of this.log.readStream(stream)) events.push(event as unknown as Recorded<OrdersEvent>);
    events.sort((a, b) => (a.position < b.position ? -1 : 1));
    let document: OrderDocument | undefined;
    const lookup = () => document;
    for (const event of events)
      if (ordersProjection.events.includes(event.type))
        document = ordersProjection.apply(document, event, orderId, lookup);
    return { document, position: events.at(-1)?.position ?? -1n };
  }

  /** Resolves when the order comes to an end, after `timeout` ms, or when it is called off. */
  private next(stream: string, timeout: number): { readonly promise: Promise<void>; cancel(): void } {
    this.listen();
    const wakers = this.waiting.get(stream) ?? new Set<() => void>();
    this.waiting.set(stream, wakers);
    let wake: () => void = () => undefined;
    const promise = new Promise<void>((resolve) => (wake = resolve));
    const timer = setTimeout(wake, timeout);
    wakers.add(wake);
    return {
      promise,
      cancel: () => {
        clearTimeout(timer);
        wakers.delete(wake);
        if (wakers.size === 0 && this.waiting.get(stream) === wakers) this.waiting.delete(stream);
      },
    };
  }

  private listen(): void {
    if (this.listening) return;
    this.listening = true;
    for (const type of ["OrderConfirmed", "OrderCancelled"])
      this.tail.listen(type, ({ stream }) => {
        for (const wake of this.waiting.get(stream) ?? []) wake();
      });
  }
}
