/** A row of the stock-movements feed. */
export interface Movement {
  readonly movement: "received" | "adjusted" | "reserved" | "released" | "lapsed" | "shipped";
  readonly sku: string;
  /** What it did to the pieces on hand, and to those reserved. */
  readonly onHandDelta: number;
  readonly reservedDelta: number;
  /** Of a checkout it is the order's id. */
  readonly reservationId: string | null;
}

interface Part {
  readonly sku: string;
  readonly quantity: number;
}

interface Taken {
  held: number;
  shipped: number;
}

const NOTHING = { received: 0, shipped: 0 };

/** What went in and out of the stock, added up by SKU and by order. */
export class Movements {
  private readonly bySku = new Map<string, { received: number; shipped: number }>();
  private readonly byOrder = new Map<string, Map<string, Taken>>();

  add({ movement, sku, onHandDelta, reservedDelta, reservationId }: Movement): void {
    let moved = this.bySku.get(sku);
    if (moved === undefined) this.bySku.set(sku, (moved = { ...NOTHING }));
    if (movement === "shipped") moved.shipped -= onHandDelta;
    else moved.received += onHandDelta;
    if (reservationId === null) return;
    let order = this.byOrder.get(reservationId);
    if (order === undefined) this.byOrder.set(reservationId, (order = new Map()));
    let taken = order.get(sku);
    if (taken === undefined) order.set(sku, (taken = { held: 0, shipped: 0 }));
    taken.held += reservedDelta;
    if (movement === "shipped") taken.shipped -= onHandDelta;
  }

  /** Received with what adjustments added or took away, and shipped. */
  of(sku: string): { readonly received: number; readonly shipped: number } {
    return this.bySku.get(sku) ?? NOTHING;
  }

  /** What an order holds at present. */
  heldBy(order: string): readonly Part[] {
    return this.parts(order, ({ held }) => held);
  }

  /** What an order holds or has shipped. */
  takenBy(order: string): readonly Part[] {
    return this.parts(order, ({ held, shipped }) => held + shipped);
  }

  private parts(order: string, quantityOf: (taken: Taken) => number): readonly Part[] {
    return [...(this.byOrder.get(order) ?? [])].flatMap(([sku, taken]) => {
      const quantity = quantityOf(taken);
      return quantity === 0 ? [] : [{ sku, quantity }];
    });
  }
}
