import { type Answer } from "../../support/http";
import { type Method } from "./client";

/** An article of the shop under test. */
export interface Article {
  readonly sku: string;
  readonly price: string;
  readonly received: number;
}

export interface WantedLine {
  readonly sku: string;
  quantity: number;
}

/** What a command was answered, and how to send it again. */
export interface Acknowledged {
  readonly method: Method;
  readonly path: string;
  readonly body: unknown;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
  readonly answer: Answer["body"];
}

export type OrderStatus = "placed" | "confirmed" | "cancelled" | "completed";

/** An order as its shopper was told of it. */
export interface AcknowledgedOrder {
  readonly id: string;
  readonly number: string;
  /** The newest answer. */
  status: OrderStatus;
  reason: string | null;
}

/** A cart with all that its shopper was told of it. */
export interface CartRecord {
  readonly id: string;
  readonly token: string;
  /** As it must be after the last acknowledged change. */
  readonly lines: WantedLine[];
  email: string | null;
  readonly payment: "approve" | "decline" | "hang";
  order?: AcknowledgedOrder;
}

/** Everything that the shop has said yes to. */
export class Ledger {
  readonly carts: CartRecord[] = [];
  readonly commands: Acknowledged[] = [];
  /** Promises that were seen to be broken at once, each a sentence. */
  readonly faults: string[] = [];

  get orders(): readonly (CartRecord & { readonly order: AcknowledgedOrder })[] {
    return this.carts.filter((cart): cart is CartRecord & { order: AcknowledgedOrder } => cart.order !== undefined);
  }

  check(holds: boolean, fault: () => string): void {
    if (!holds) this.faults.push(fault());
  }
}
